/** What a kdamond's trace points say → complete pictures of its aggregation windows. */

import type { SchemeStats, Snapshot } from '../params/snapshot.ts';
import { TraceLine } from '../params/trace-line.ts';

const LINE_FEED = 0x0a;
/** Probes that a snapshot has room for, in each row. */
const HITS_PER_ROW = 4;
/** Longer ones are none of ours. */
const MAX_LINE_BYTES = 1024;
/** More regions than any kdamond has in one window; what goes on beyond has lost its beginning. */
const MAX_REGIONS = 2 ** 22;

/** One region of a window. */
interface Row {
  readonly target: number;
  readonly start: number;
  readonly end: number;
  readonly nrAccesses: number;
  readonly age: number;
  readonly hits: readonly number[] | null;
}

/** All regions of all targets at the end of one aggregation interval, in core units. */
export interface TracedWindow {
  /** Of its first region, in microseconds of the trace's clock. */
  readonly timeUs: number;
  readonly rows: readonly Row[];
}

/** Counters of one scheme as far as the trace tells them; null: it does not. */
export type TracedScheme = { [Name in keyof SchemeStats]: bigint | null };

/**
 * Takes the text of `trace_pipe` in pieces. A window is complete when each target has given as many
 * regions as its lines say; one of which lines were lost is left out.
 */
export class TraceWindows {
  /** Events that the kernel had no room for, and windows that are missing for it. */
  nrLostEvents = 0;
  nrLostWindows = 0;
  /** Of the last tuning; null while none was traced. */
  tunedSampleIntervalUs: number | null = null;
  /** By the index of the scheme. */
  readonly schemes: Map<number, TracedScheme> = new Map();
  readonly #line = new TraceLine();
  readonly #nrTargets: number;
  #rest = new Uint8Array(0);
  #rows: Row[] = [];
  #timeUs = 0;
  /** Regions that are still to come of the target of the last line. */
  #nrMissing = 0;
  /** Lines of the open window have been lost. */
  #isDamaged = false;

  /** @param nrTargets after so many a window is complete; a window may have fewer */
  constructor(nrTargets: number) {
    this.#nrTargets = nrTargets;
  }

  /** Windows that `piece` completes, the oldest first. */
  *take(piece: Uint8Array): Generator<TracedWindow> {
    const bytes = this.#rest.length === 0 ? piece : concat(this.#rest, piece);
    let from = 0;
    for (;;) {
      const to = bytes.indexOf(LINE_FEED, from);
      if (to < 0) break;
      yield* this.#takeLine(bytes, from, to);
      from = to + 1;
    }
    // A copy: pieces belong to whoever read them.
    this.#rest = bytes.length - from > MAX_LINE_BYTES ? new Uint8Array(0) : bytes.slice(from);
  }

  *#takeLine(bytes: Uint8Array, from: number, to: number): Generator<TracedWindow> {
    const line = this.#line;
    line.read(bytes, from, to);
    switch (line.kind) {
      case 'damon_aggregated':
      case 'damon_region_aggregated':
        yield* this.#takeRegion(line);
        return;
      case 'damon_monitor_intervals_tune':
        this.tunedSampleIntervalUs = line.sampleIntervalUs;
        return;
      case 'damos_before_apply':
        this.#countTried(line);
        return;
      case 'damaged':
        this.#isDamaged = true;
        return;
      case 'other':
        this.#takeOther(latin1(bytes, from, Math.min(to, from + MAX_LINE_BYTES)));
    }
  }

  *#takeRegion(line: TraceLine): Generator<TracedWindow> {
    const last = this.#rows.at(-1);
    const target = Number(line.targetId);
    if (last !== undefined && beginsAgain(last, target, line.start)) yield* this.#close();
    const isNext = this.#rows.at(-1)?.target !== target;
    if (this.#rows.length === 0) this.#timeUs = timeUsOf(line);
    if (isNext) {
      this.#isDamaged ||= this.#nrMissing !== 0;
      this.#nrMissing = line.nrRegions;
    }
    if (this.#rows.length >= MAX_REGIONS) {
      this.#isDamaged = true;
      return;
    }
    this.#nrMissing -= 1;
    const { start, end, nrAccesses, age } = line;
    const hits = line.hasProbeHits ? [...line.probeHits] : null;
    this.#rows.push({ target, start, end, nrAccesses, age: Math.max(0, age), hits });
    if (this.#nrMissing === 0 && target === this.#nrTargets - 1) yield* this.#close();
  }

  *#close(): Generator<TracedWindow> {
    const window = { timeUs: this.#timeUs, rows: this.#rows };
    const isWhole = this.#nrMissing === 0 && !this.#isDamaged;
    this.#rows = [];
    this.#nrMissing = 0;
    this.#isDamaged = false;
    if (isWhole) yield window;
    else this.nrLostWindows += 1;
  }

  #countTried({ schemeIndex, start, end }: TraceLine): void {
    const known = this.schemes.get(schemeIndex) ?? UNTOLD;
    // Where the kernel tells all counters, these are in them.
    if (known.nrApplied !== null) return;
    this.schemes.set(schemeIndex, {
      ...known,
      nrTried: (known.nrTried ?? 0n) + 1n,
      triedBytes: (known.triedBytes ?? 0n) + BigInt(end - start),
    });
  }

  #takeOther(text: string): void {
    const lost = /\[LOST (\d+) EVENTS\]/.exec(text);
    if (lost !== null) {
      this.nrLostEvents += Number(lost[1]);
      this.#isDamaged = true;
      return;
    }
    if (!text.includes(' damos_stat_after_apply_interval: ')) return;
    const fields = new Map([...text.matchAll(/(\w+)=(\d{1,20})/g)].map((one) => [one[1], one[2]]));
    const index = fields.get('scheme_idx');
    if (index === undefined) return;
    const count = (name: string) => BigInt(fields.get(name) ?? 0);
    this.schemes.set(Number(index), {
      nrTried: count('nr_tried'),
      triedBytes: count('sz_tried'),
      nrApplied: count('nr_applied'),
      appliedBytes: count('sz_applied'),
      filterPassedBytes: count('sz_ops_filter_passed'),
      nrQuotaExceeds: count('qt_exceeds'),
      nrSnapshots: count('nr_snapshots'),
    });
  }
}

/** A window as a snapshot. */
export function tracedSnapshot(
  { rows }: TracedWindow,
  facts: Pick<
    Snapshot,
    ('timeUs' | 'wallTimeUs' | 'tick' | 'sampleIntervalUs' | 'aggregationIntervalUs') | 'targetPids'
  > & {
    /** Bytes in one core unit. */
    readonly addrUnit: number;
  },
): Snapshot {
  const { addrUnit, ...moment } = facts;
  const { sampleIntervalUs, aggregationIntervalUs } = moment;
  const maxNrAccesses = Math.max(1, Math.floor(aggregationIntervalUs / (sampleIntervalUs || 1)));
  const nrRegions = rows.length;
  const probeHits = rows.some(({ hits }) => hits !== null)
    ? Uint32Array.from(rows.flatMap(({ hits }) => hits ?? Array(HITS_PER_ROW).fill(0)))
    : null;
  return {
    ...moment,
    maxNrAccesses,
    windowSamples: maxNrAccesses,
    nrRegions,
    targetIndex: Uint32Array.from(rows, ({ target }) => target),
    start: Float64Array.from(rows, ({ start }) => start * addrUnit),
    end: Float64Array.from(rows, ({ end }) => end * addrUnit),
    nrAccesses: Uint32Array.from(rows, ({ nrAccesses }) => nrAccesses),
    age: Uint32Array.from(rows, ({ age }) => age),
    probeHits,
    filterPassedBytes: null,
  };
}

const UNTOLD: TracedScheme = {
  ...{ nrTried: null, triedBytes: null, nrApplied: null, appliedBytes: null },
  ...{ filterPassedBytes: null, nrQuotaExceeds: null, nrSnapshots: null },
};

function beginsAgain(last: Row, target: number, start: number): boolean {
  return target < last.target || (target === last.target && start < last.end);
}

function timeUsOf({ seconds, nanoseconds }: TraceLine): number {
  return seconds * 1e6 + Math.round(nanoseconds / 1000);
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}
