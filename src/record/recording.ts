/**
 * What a recording is to those who read it, whatever its format: a stream of items. Nobody holds
 * more than a few snapshots.
 */
import type { IntervalsGoal } from '../params/types.ts';

/** Intervals that a series was recorded with. */
export interface SeriesIntervals {
  readonly sampleIntervalUs: number;
  readonly aggregationIntervalUs: number;
  readonly operationsUpdateIntervalUs: number;
  /** Null: intervals were not tuned. */
  readonly goal: IntervalsGoal | null;
}

/** One target's regions over time; several make up a recording. */
export interface Series {
  readonly kdamondIndex: number | null;
  readonly contextIndex: number | null;
  /** The scheme whose pass was recorded, or null for all regions of the target. */
  readonly schemeIndex: number | null;
  /** In decimal: old kernels give pointers, which a double can't hold. Null where there is none. */
  readonly targetId: string | null;
  /** Process of the target, where the recorder knew it. */
  readonly pid: number | null;
  /** Null where the format doesn't tell (old recordings, trace texts). */
  readonly intervals: SeriesIntervals | null;
  /** Filters of the scheme, as damo writes them; for showing only. */
  readonly filters: readonly unknown[];
}

/**
 * The regions of one series in one aggregation interval. Columns may be longer than `nrRegions`,
 * and belong to the reader: they are valid until the next item is asked for.
 */
export interface SeriesSnapshot {
  /** Index of the series, in the order in which the reader met them. */
  readonly seriesIndex: number;
  /** Nanoseconds since whatever the recorder's clock began at: boot, or 1970. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** In force for this snapshot, where that is known; interval tuning changes them. */
  readonly sampleIntervalUs: number | null;
  readonly aggregationIntervalUs: number | null;
  readonly nrRegions: number;
  /** Bytes, half-open. Rows in the order of the recording, which is that of addresses. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Samples of the interval that found the region accessed. */
  readonly nrAccesses: Uint32Array;
  /** In aggregation intervals; -1 where the format doesn't tell. */
  readonly age: Float64Array;
  /** Bytes that passed the scheme's filters; null where that was not recorded. */
  readonly filterPassedBytes: Float64Array | null;
  /** Four a row, or null without probes. */
  readonly probeHits: Uint32Array | null;
  /** Counters of the scheme at this moment, by damo's names, where they were recorded. */
  readonly schemeStats: Readonly<Record<string, bigint>> | null;
}

/** Memory of one process, or (pid null) of the machine, at one moment. */
export interface Footprint {
  readonly timeNs: bigint;
  readonly pid: number | null;
  readonly virtualBytes: number;
  readonly residentBytes: number;
}

/** One mapping of a process at one moment. */
export interface RecordedMapping {
  readonly timeNs: bigint;
  readonly pid: number;
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

export const RECORD_FORMATS = [
  'tcr',
  'damo-json',
  'damo-json-compressed',
  'perf-script',
  'damo-binary',
] as const;
/** Formats that can be read. */
export type RecordFormat = (typeof RECORD_FORMATS)[number];

/** Where a recording came from, as far as its format tells. */
export interface RecordingOrigin {
  readonly format: RecordFormat;
  readonly host: string | null;
  readonly kernelRelease: string | null;
  /** What watched: `engine smaps`, `engine sim`, damo's data source. */
  readonly source: string | null;
  /** Parameters in force at the start, in our own JSON form; null for foreign formats. */
  readonly params: unknown;
}

/** What a reader yields: the origin first, a series before its first snapshot. */
export type RecordItem =
  | { readonly kind: 'origin'; readonly origin: RecordingOrigin }
  | { readonly kind: 'series'; readonly index: number; readonly series: Series }
  | { readonly kind: 'snapshot'; readonly snapshot: SeriesSnapshot }
  | { readonly kind: 'footprint'; readonly footprint: Footprint }
  | { readonly kind: 'mapping'; readonly mapping: RecordedMapping }
  /** Parameters were committed, monitoring paused, intervals tuned: one sentence. */
  | { readonly kind: 'event'; readonly timeNs: bigint; readonly text: string }
  /** Something could not be read; what comes before and after is still good. One sentence. */
  | { readonly kind: 'warning'; readonly text: string };

/**
 * Bytes from the start, in pieces of any size. Files, tests and browsers provide it; a record
 * reader opens nothing itself.
 */
export type ByteSource = AsyncIterable<Uint8Array>;

/**
 * Items in batches: a promise for each of ten million snapshots would cost more than reading it.
 * Within a batch, columns of a snapshot are valid until the next item is taken.
 */
export type ItemSource = AsyncIterable<Iterable<RecordItem>>;

/** Compression and checksums, passed in because browsers and Node have different ones. */
export interface Codec {
  deflateRaw(bytes: Uint8Array): Uint8Array;
  /** Throws when the result would be longer than `maxBytes`. */
  inflateRaw(bytes: Uint8Array, maxBytes: number): Uint8Array;
  crc32(bytes: Uint8Array): number;
  /** A zlib stream (RFC 1950), piece by piece, in memory that does not grow with it. */
  inflateStream(source: ByteSource): ByteSource;
  /** The reverse, at level 6. */
  deflateStream(source: ByteSource): ByteSource;
}
