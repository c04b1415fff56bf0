/**
 * What left memory and what came back: by the host's counters where something acts, by the idle
 * times of regions where nothing does.
 */
import type { SchemeState, Snapshot } from '../params/snapshot.ts';
import type { AddressRange, Filter, Params, Scheme } from '../params/types.ts';
import { IdleMap, type Return } from '../policies/idle-map.ts';
import type { LoopTotals } from './loop-host.ts';
import { OutBook } from './out-book.ts';

/** Of compressed swap, until there is enough of it to tell. */
const POOL_SHARE = 1 / 3;
const ENOUGH_SWAPPED_BYTES = 16 * 2 ** 20;
const PAGE_BYTES = 4096;
/** What was seen before counts a little less with each look. */
const KEPT = 0.998;

/** What happened between two looks. */
export interface Movements {
  readonly elapsedUs: number;
  readonly triedBytes: number;
  readonly refaultedBytes: number;
  readonly returns: readonly Return[];
  /** In a shadow: the share of time that waiting for what came back would have cost. */
  readonly missedStallShare: number;
}

/** Totals since the run's start. */
export interface Saved {
  readonly leftBytes: number;
  readonly cameBackBytes: number;
  readonly grossBytes: number;
  readonly netBytes: number;
}

/** What the books begin with. */
export interface LedgerOptions {
  readonly mode: 'run' | 'shadow';
  readonly first: LoopTotals;
  /** What waiting for a page costs, in microseconds. */
  readonly faultUs: number;
  /** The addresses that schemes keep to by filters; null: all that is watched. */
  readonly within: readonly AddressRange[] | null;
  /** Whether 0 bytes that passed filters are a count: some kernels have none. */
  readonly countsPassed: boolean;
}

/** The books of one run. */
export class Ledger {
  readonly #shadow: boolean;
  readonly #faultUs: number;
  readonly #first: LoopTotals;
  readonly #idle: IdleMap;
  readonly #countsPassed: boolean;
  readonly #book = new OutBook();
  #last: LoopTotals;
  #schemes: readonly SchemeState[] = [];
  #leftBytes = 0;
  #cameBackBytes = 0;
  /** Bytes that schemes looked at lately, and those of them that were there and passed. */
  #lookedAt = 0;
  #passed = 0;
  #residentShare = 1;
  /** In a shadow: bytes of regions that are or were out, whether all of it is memory or not. */
  #takenBytes = 0;
  #aggregationUs = 1;

  constructor({ mode, first, faultUs, within, countsPassed }: LedgerOptions) {
    this.#shadow = mode === 'shadow';
    this.#faultUs = faultUs;
    this.#idle = new IdleMap(within);
    this.#countsPassed = countsPassed;
    this.#first = first;
    this.#last = first;
  }

  /** @param params in force since the last look, with the actions of a run */
  update(
    now: LoopTotals,
    snapshot: Snapshot,
    params: Params,
    schemes: readonly SchemeState[],
  ): Movements {
    const before = this.#last;
    const elapsedUs = Math.max(1, now.timeUs - before.timeUs);
    const acting = takerOf(params);
    const seen = this.#idle.update(snapshot, Number(acting?.scheme.pattern.nrAccesses.max ?? 0));
    const stats = acting === null ? null : this.#since(schemes, acting.index);
    this.#schemes = schemes;
    this.#last = now;
    this.#aggregationUs = snapshot.aggregationIntervalUs;
    const judged = this.#countsPassed && (acting?.scheme.filters.some(isAboutPages) ?? false);
    this.#notePassShare(stats, judged, now, snapshot);
    const back = this.#shadow ? returnedBytes(seen) : now.refaultedBytes - before.refaultedBytes;
    this.#cameBackBytes += back;
    let triedBytes = stats?.tried ?? 0;
    if (this.#shadow) {
      triedBytes = this.take(params, elapsedUs);
      this.#takenBytes += triedBytes;
      this.#leftBytes = this.#takenBytes * this.#passShare;
    } else if (stats !== null) {
      const left =
        params.operations === 'paddr'
          ? stats.applied
          : Math.max(0, now.swappedBytes - before.swappedBytes) + back;
      this.#leftBytes += left;
      this.#book.leave(left, this.#idleUs(acting!.scheme), now.timeUs);
    }
    const returns = this.#shadow
      ? seen.filter(({ outUs }) => outUs !== null)
      : this.#book.comeBack(back, now.timeUs);
    const stallUs = this.#shadow ? (back / PAGE_BYTES) * this.#faultUs : 0;
    return {
      ...{ elapsedUs, triedBytes, refaultedBytes: back, returns },
      missedStallShare: stallUs / elapsedUs,
    };
  }

  /** Takes what is idle long enough, as the acting scheme of `params` may in `elapsedUs`. */
  take(params: Params, elapsedUs: number): number {
    const acting = takerOf(params);
    if (acting === null) return 0;
    const { sizeBytes, resetIntervalMs } = acting.scheme.quota;
    const windows = elapsedUs / 1000 / Number(resetIntervalMs);
    // As everywhere in DAMOS, no size is no limit.
    const isLimited = sizeBytes !== 'max' && sizeBytes > 0;
    const budget = isLimited ? sizeBytes * windows : Number.MAX_SAFE_INTEGER;
    if (budget < PAGE_BYTES) return 0;
    return this.#idle.take(this.#idleUs(acting.scheme), budget);
  }

  /** Counts what a lever has taken. */
  noteLeft(bytes: number, params: Params): void {
    this.#leftBytes += bytes;
    const taker = takerOf(params);
    if (taker !== null) this.#book.leave(bytes, this.#idleUs(taker.scheme), this.#last.timeUs);
  }

  saved(now: LoopTotals): Saved {
    const grossBytes = Math.max(0, this.#leftBytes - this.#cameBackBytes);
    return {
      leftBytes: Math.round(this.#leftBytes),
      cameBackBytes: Math.round(this.#cameBackBytes),
      grossBytes: Math.round(grossBytes),
      netBytes: Math.round(grossBytes - this.#poolGrowth(now, grossBytes)),
    };
  }

  #poolGrowth(now: LoopTotals, grossBytes: number): number {
    if (!this.#shadow) return now.poolBytes - this.#first.poolBytes;
    if (!now.swapIsCompressed) return 0;
    const known = now.swapUsedBytes >= ENOUGH_SWAPPED_BYTES;
    return grossBytes * (known ? Math.min(1, now.poolBytes / now.swapUsedBytes) : POOL_SHARE);
  }

  #idleUs({ pattern }: Scheme): number {
    return pattern.age.min === 'max'
      ? Number.POSITIVE_INFINITY
      : pattern.age.min * this.#aggregationUs;
  }

  #since(schemes: readonly SchemeState[], index: number) {
    const stats = schemes[index]?.stats;
    const last = this.#schemes[index]?.stats;
    if (stats === undefined) return null;
    return {
      tried: Number(stats.triedBytes - (last?.triedBytes ?? 0n)),
      applied: Number(stats.appliedBytes - (last?.appliedBytes ?? 0n)),
      passed: Number(stats.filterPassedBytes - (last?.filterPassedBytes ?? 0n)),
    };
  }

  /** Where no filter has looked at pages, memory is as resident as it is on average. */
  #notePassShare(
    stats: { readonly tried: number; readonly passed: number } | null,
    judged: boolean,
    now: LoopTotals,
    { nrRegions, start, end }: Snapshot,
  ): void {
    if (stats !== null && (judged || stats.passed > 0 || this.#passed > 0)) {
      this.#lookedAt = this.#lookedAt * KEPT + stats.tried;
      this.#passed = this.#passed * KEPT + stats.passed;
      return;
    }
    let watched = 0;
    for (let row = 0; row < nrRegions; row++) watched += end[row]! - start[row]!;
    this.#residentShare =
      watched > 0 ? Math.min(1, (now.residentBytes + now.swappedBytes) / watched) : 1;
  }

  /** Of the regions that are taken, the part that is memory which may go. */
  get #passShare(): number {
    return this.#lookedAt > 0 ? Math.min(1, this.#passed / this.#lookedAt) : this.#residentShare;
  }
}

/** The scheme that takes memory away, if there is one. */
function takerOf({ schemes }: Params): { scheme: Scheme; index: number } | null {
  const index = schemes.findIndex(({ action }) => action === 'pageout');
  return index < 0 ? null : { scheme: schemes[index]!, index };
}

/** What the core decides by itself is left out of the schemes' counts. */
function isAboutPages({ type }: Filter): boolean {
  return type !== 'addr' && type !== 'target';
}

function returnedBytes(returns: readonly Return[]): number {
  return returns.reduce((sum, { bytes, outUs }) => sum + (outUs === null ? 0 : bytes), 0);
}
