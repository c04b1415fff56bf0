/**
 * What a monitor saw at one moment. The same columns go from the core to records, streams and
 * views.
 *
 * Row i of every column is one region; rows are ordered by target, then by address. Columns belong
 * to whoever receives the snapshot: a monitor never writes to one that it gave away.
 */
export interface Snapshot {
  /** Microseconds on the monitor's clock. */
  readonly timeUs: number;
  /** Microseconds since the Unix epoch, or null on a virtual clock. */
  readonly wallTimeUs: number | null;
  /** Sampling intervals since the start ("passed sample intervals"). */
  readonly tick: number;
  /** Intervals in force; interval auto-tuning changes them. */
  readonly sampleIntervalUs: number;
  readonly aggregationIntervalUs: number;
  /**
   * Samples in one aggregation interval: the most that `nrAccesses` can be, when each sampling
   * check says yes or no. A set that measures bytes instead scales them to it.
   */
  readonly maxNrAccesses: number;
  /**
   * Samples taken since the last aggregation, up to `maxNrAccesses`. When it is the full number,
   * `nrAccesses` is a plain count; below, it is the pseudo moving sum that blends in the last
   * window.
   */
  readonly windowSamples: number;
  readonly nrRegions: number;
  /** Process of each target by its index; null for physical memory. */
  readonly targetPids: readonly (number | null)[];
  /** Index of the region's target. */
  readonly targetIndex: Uint32Array;
  /** Bytes (core address times address unit), half-open. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly nrAccesses: Uint32Array;
  /** In aggregation intervals. */
  readonly age: Uint32Array;
  /** Four a row, one for each probe; null when there are no probes. */
  readonly probeHits: Uint32Array | null;
  /** Bytes that passed the filters of a scheme, when a walk took the snapshot; null otherwise. */
  readonly filterPassedBytes: Float64Array | null;
}

/** Counters of one scheme (spec 5.7), exact in 64 bits. */
export interface SchemeStats {
  readonly nrTried: bigint;
  readonly triedBytes: bigint;
  readonly nrApplied: bigint;
  readonly appliedBytes: bigint;
  readonly filterPassedBytes: bigint;
  readonly nrQuotaExceeds: bigint;
  readonly nrSnapshots: bigint;
}

/** State of one scheme while it runs. */
export interface SchemeState {
  readonly stats: SchemeStats;
  /** Bytes that the quota allows in one window, or null without a quota. */
  readonly effectiveQuotaBytes: bigint | null;
  readonly active: boolean;
  /** Last measured value of each goal. */
  readonly goalValues: readonly number[];
}
