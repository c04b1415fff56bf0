/**
 * What left memory and what came back: by the host's counters where something acts, by the idle
 * times of regions where nothing does.
 */
import type { SchemeState, Snapshot } from '../params/snapshot.ts';
import type { AddressRange, Filter, Params, Quota, Scheme } from '../params/types.ts';
import { IdleMap, type PassShare, type Taken } from '../policies/idle-map.ts';
import type { Return } from '../policies/policy.ts';
import type { LoopTotals } from './loop-host.ts';
import { OutBook } from './out-book.ts';
import { ShadowPages } from './shadow-pages.ts';

/** Of compressed swap, until there is enough of it to tell. */
const POOL_SHARE = 1 / 3;
const ENOUGH_SWAPPED_BYTES = 16 * 2 ** 20;
const PAGE_BYTES = 4096;
/** What is idle has become more by such a part: schemes are taken to find it at once. */
const MORE_IDLE = 0.1;
/** What was seen before counts a little less with each look. */
const KEPT = 0.998;

/** What happened between two looks. */
export interface Movements {
  readonly elapsedUs: number;
  readonly chargedBytes: number;
  readonly refaultedBytes: number;
  readonly returns: readonly Return[];
  /** In a shadow: the share of time that waiting for what came back would have cost. */
  readonly missedStallShare: number;
}

/** What a scheme has done since the last look, in bytes. */
interface Since {
  readonly tried: number;
  /** Of these, what filters found that they are about. */
  readonly passed: number;
  readonly applied: number;
}

const NOTHING_TAKEN: Taken = { charged: 0, left: 0 };

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
  /** Parts of memory whose pages a shadow looks at, by schemes behind all others; may be none. */
  readonly stripes: readonly AddressRange[];
  readonly first: LoopTotals;
  /** What waiting for a page costs, in microseconds, by the share of pages that belong to files. */
  readonly faultUs: (fileShare: number) => number;
  /** The addresses that schemes keep to by filters; null: all that is watched. */
  readonly within: readonly AddressRange[] | null;
  /** Whether 0 bytes that passed filters are a count: some kernels have none. */
  readonly countsPassed: boolean;
}

/** The books of one run. */
export class Ledger {
  readonly #shadow: boolean;
  readonly #faultUs: (fileShare: number) => number;
  readonly #first: LoopTotals;
  readonly #idle: IdleMap;
  readonly #countsPassed: boolean;
  readonly #book = new OutBook();
  /** In a shadow whose pages are looked at one by one. */
  #pages: ShadowPages | null;
  #last: LoopTotals;
  #schemes: readonly SchemeState[] = [];
  #leftBytes = 0;
  #cameBackBytes = 0;
  /** Bytes that schemes looked at lately, and those of them that were there and passed. */
  #lookedAt = 0;
  #passed = 0;
  #residentShare = 1;
  /** In a shadow: of the memory in use. */
  #fileShare = 0;
  /** In a shadow: found to have come back, and not booked yet. */
  #pendingBytes = 0;
  #aggregationUs = 1;

  constructor({ mode, stripes, first, faultUs, within, countsPassed }: LedgerOptions) {
    this.#shadow = mode === 'shadow';
    this.#faultUs = faultUs;
    this.#pages = stripes.length === 0 ? null : new ShadowPages(stripes);
    this.#idle = new IdleMap(
      within,
      stripes.map(({ start }) => start),
    );
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
    const seen = this.#idle.update(snapshot, {
      mostAccesses: Number(acting?.scheme.pattern.nrAccesses.max ?? 0),
      comesBack: this.#pages === null,
    });
    const stats = acting === null ? null : this.#since(schemes, acting.index);
    const looks = schemes.map((_, index) => this.#since(schemes, index)!);
    this.#schemes = schemes;
    this.#last = now;
    this.#aggregationUs = snapshot.aggregationIntervalUs;
    const judged = this.#countsPassed && (acting?.scheme.filters.some(isAboutPages) ?? false);
    this.#notePassShare(stats, judged, now, snapshot);
    const refaulted = now.refaultedBytes - before.refaultedBytes;
    const back = this.#shadow ? seen + this.#touchedAgain(looks, params, elapsedUs) : refaulted;
    this.#cameBackBytes += back;
    const returns = this.#book.comeBack(back, now.timeUs);
    const taken = this.#shadow ? this.take(params, elapsedUs) : null;
    if (acting !== null) {
      const left = taken?.left ?? this.#leftSince(before, back, params, stats);
      this.#leftBytes += left;
      this.#book.leave(left, this.#idleUs(acting.scheme), now.timeUs);
    }
    const stallUs = this.#shadow ? (back / PAGE_BYTES) * this.#faultUs(this.#fileShare) : 0;
    return {
      ...{
        elapsedUs,
        chargedBytes: taken?.charged ?? (acting === null ? 0 : charge(stats, acting.scheme.quota)),
        refaultedBytes: back,
        returns,
      },
      missedStallShare: stallUs / elapsedUs,
    };
  }

  /** Whether a shadow should look at all pages that are idle now. */
  isLookDue(params: Params): boolean {
    return takerOf(params) !== null && (this.#pages?.isDue(this.#last.timeUs) ?? false);
  }

  /** Takes what is idle long enough, as the acting scheme of `params` may in `elapsedUs`. */
  take(params: Params, elapsedUs: number): Taken {
    const acting = takerOf(params);
    if (acting === null) return NOTHING_TAKEN;
    const { sizeBytes, resetIntervalMs } = acting.scheme.quota;
    const windows = elapsedUs / 1000 / Number(resetIntervalMs);
    // As everywhere in DAMOS, no size is no limit.
    const isLimited = sizeBytes !== 'max' && sizeBytes > 0;
    const budget = isLimited ? sizeBytes * windows : Number.MAX_SAFE_INTEGER;
    const idleUs = this.#idleUs(acting.scheme);
    const mayLeave = this.#mayLeave(idleUs);
    if (budget < PAGE_BYTES || mayLeave === null) return NOTHING_TAKEN;
    const failShare = failShareOf(acting.scheme.quota);
    return this.#idle.take(idleUs, { bytes: budget, failShare }, mayLeave);
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

  /** What a run's acting scheme has taken since the last look, by what the host can tell. */
  #leftSince(before: LoopTotals, back: number, { operations }: Params, stats: Since | null) {
    if (stats === null) return 0;
    if (operations === 'paddr') return stats.applied;
    return Math.max(0, this.#last.swappedBytes - before.swappedBytes) + back;
  }

  /** In a shadow, bytes of what is out that pages tell were touched again. */
  #touchedAgain(schemes: readonly Since[], params: Params, elapsedUs: number): number {
    const acting = takerOf(params);
    if (this.#pages === null || acting === null) return 0;
    const touched = this.#pages.touchedIn(elapsedUs);
    const looks = schemes.slice(params.schemes.length);
    const files = looks.pop();
    const tried = looks.reduce((sum, look) => sum + look.tried, 0);
    if (tried > 0) {
      // Two windows may end between two steps, and then two looks are one here.
      const isOne = tried < this.#idle.idleBytes(0) * 1.5;
      if (isOne && files !== undefined) {
        this.#fileShare = Math.min(1, files.passed / Math.max(1, this.#last.residentBytes));
      }
      const idleBytes = isOne ? looks.map(({ passed }) => passed) : null;
      const idleUs = this.#idleUs(acting.scheme);
      touched.push(...this.#pages.note(idleBytes, this.#last.timeUs, idleUs));
      // Some kernels don't tell what has passed filters; then regions have to do.
      if (!this.#countsPassed && looks.every(({ passed }) => passed === 0)) this.#pages = null;
    }
    for (const { range, share } of touched) {
      if (share > 0) this.#pendingBytes += this.#idle.comeBack(range, share);
      else if (share < -MORE_IDLE) this.#idle.comeByAgain(range);
    }
    // What a look finds has happened since the one before, and not all of a sudden.
    const now = this.#pendingBytes * -Math.expm1((-2 * elapsedUs) / this.#idleUs(acting.scheme));
    this.#pendingBytes -= now;
    return now;
  }

  /** In a shadow, the share of the pages of idle regions that a run would find idle. */
  #mayLeave(idleUs: number): PassShare | null {
    const pages = this.#pages;
    if (pages === null) return () => this.#passShare;
    if (!pages.isReady) return null;
    const regionBytes = pages.stripes.map(({ range }) => this.#idle.idleBytes(idleUs, range));
    return (address, waitedUs) => {
      const at = pages.stripes.findIndex(({ range }) => address < range.end);
      const idleBytes = pages.idleBytes(at, waitedUs, idleUs);
      return idleBytes === 0 ? 0 : Math.min(1, idleBytes / regionBytes[at]!);
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

  #since(schemes: readonly SchemeState[], index: number): Since | null {
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
    stats: Since | null,
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

/** The part that counts of what an action was handed and did nothing to (spec 5.5, "charge"). */
function failShareOf({ failChargeNumerator, failChargeDenominator }: Quota): number {
  return failChargeDenominator === 0 ? 1 : failChargeNumerator / failChargeDenominator;
}

/** What a quota counts of what its scheme has done, in bytes. */
function charge(done: Since | null, quota: Quota): number {
  if (done === null) return 0;
  return done.applied + (done.tried - done.applied) * failShareOf(quota);
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
