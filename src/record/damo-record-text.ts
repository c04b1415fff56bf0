import { readId, textOf } from '../base/damo-number-bytes.ts';
import { ThermoclineError } from '../base/errors.ts';
import type { ByteWindow } from './byte-window.ts';
import {
  closeHead,
  type DamoHead,
  indexOf,
  intervalsOf,
  type OpenHead,
  openHead,
  statsOf,
  timeNs,
  timeUs,
} from './damo-head.ts';
import {
  AGE_INTERVALS,
  AGE_US,
  END,
  FILTER_PASSED,
  PERCENT,
  PROBE_HITS,
  RegionText,
  SAMPLES,
  START,
} from './damo-region-text.ts';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  INCOMPLETE,
  isNull,
  JsonError,
  OPEN_BRACE,
  OPEN_BRACKET,
  parseValue,
  QUOTE,
  skipSpace,
  skipString,
  skipValue,
} from './json-scanner.ts';
import type { RecordFormat, RecordItem, SeriesIntervals, SeriesSnapshot } from './recording.ts';
import { MAX_SERIES, SnapshotColumns } from './snapshot-columns.ts';

/** Filters and statistics stay in memory or pass through many hands: they are small. */
const MAX_VALUE_BYTES = 2 ** 14;
const MAX_KEY_BYTES = 64;

/**
 * Where in the text the parser is: between the elements of a list, or between the keys of an
 * object.
 */
type Place = 'file' | 'records' | 'record' | 'snapshots' | 'snapshot' | 'regions' | 'done';

/** Which list or object holds a place, and what closes it. */
const OUTER: Readonly<Record<Place, Place>> = {
  file: 'done',
  records: 'done',
  record: 'records',
  snapshots: 'record',
  snapshot: 'snapshots',
  regions: 'snapshot',
  done: 'done',
};

/** Keys of a record that can be read in time only when they stand before its snapshots. */
const HEAD_KEYS: ReadonlySet<string> = new Set([
  ...['kdamond_idx', 'context_idx', 'scheme_idx'],
  ...['target_id', 'intervals', 'scheme_filters', 'data_source'],
]);

/**
 * The state of reading damo's JSON between two looks at the bytes. Units are read whole or not at
 * all: a region, a bracket, or a key with its value.
 */
export class DamoRecordText {
  readonly #format: RecordFormat;
  /** Where heads go when only those are wanted. */
  readonly #collected: DamoHead[] | null;
  readonly #region = new RegionText();
  readonly #columns = new SnapshotColumns();
  #heads: readonly DamoHead[] | null = null;
  #place: Place = 'file';
  /** Something stands before in the same list or object, so a comma comes next. */
  #hasElement = false;
  #recordIndex = -1;
  #head: OpenHead = openHead();
  #hasSnapshots = false;
  #snapshot = emptySnapshot();

  /** The parser needs the heads of all records before it can go on. */
  needsHeads = false;

  /** @param collected when given, heads are put there and no items come */
  constructor(format: RecordFormat, collected: DamoHead[] | null) {
    this.#format = format;
    this.#collected = collected;
  }

  /** The list of records was closed. */
  get isDone(): boolean {
    return this.#place === 'done';
  }

  setHeads(heads: readonly DamoHead[]): void {
    this.#heads = heads;
    this.needsHeads = false;
  }

  /**
   * Items of the units that are whole in the window.
   * @throws ThermoclineError TC_INVALID with the byte's number in the text
   */
  *items(window: ByteWindow): Generator<RecordItem> {
    const view = new DataView(window.bytes.buffer);
    try {
      while (!this.isDone && !this.needsHeads) {
        if (this.#place === 'regions') this.#readRegions(window, view);
        const from = window.position;
        const closed = this.#place;
        if (!this.#step(window)) return;
        if (this.#collected !== null) continue;
        if (this.#place === 'snapshots' && closed === 'record') yield* this.#openSeries();
        if (this.#place === 'snapshots' && closed === 'snapshot') yield this.#closeSnapshot(from);
      }
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      const at = window.offset - window.position + error.at;
      throw new ThermoclineError(
        'TC_INVALID',
        `The JSON text is damaged at byte ${at}: ${error.message}.`,
      );
    }
  }

  /** Reads as many regions as are there; the fast path of everything. */
  #readRegions(window: ByteWindow, view: DataView): void {
    const { bytes, end } = window;
    for (;;) {
      let at = skipSpace(bytes, window.position, end);
      if (this.#hasElement && at < end && bytes[at] === COMMA) at = skipSpace(bytes, at + 1, end);
      else if (this.#hasElement) return;
      if (at >= end || bytes[at] !== OPEN_BRACE) return;
      const behind = this.#region.read(bytes, view, at, end);
      if (behind === INCOMPLETE) return;
      if (this.#collected === null) this.#addRegion(at);
      this.#hasElement = true;
      window.position = behind;
    }
  }

  /** Moves over one unit; false when it is not whole in the window. */
  #step(window: ByteWindow): boolean {
    const { bytes, end } = window;
    let at = skipSpace(bytes, window.position, end);
    if (at >= end) return false;
    const place = this.#place;
    const isObject = place === 'record' || place === 'snapshot';
    const closer = isObject ? CLOSE_BRACE : CLOSE_BRACKET;
    if (bytes[at] === closer && place !== 'file') return this.#close(window, at);
    if (this.#hasElement) {
      if (bytes[at] !== COMMA) throw new JsonError(at, 'a comma or closing bracket should be here');
      at = skipSpace(bytes, at + 1, end);
      if (at >= end) return false;
    }
    if (isObject) return this.#readKey(window, at);
    if (place === 'regions') return this.#expectRegion(bytes, at);
    const opener = place === 'file' ? OPEN_BRACKET : OPEN_BRACE;
    if (bytes[at] !== opener) throw new JsonError(at, notOpened(place));
    this.#open(place);
    window.position = at + 1;
    return true;
  }

  #open(place: Place): void {
    this.#hasElement = false;
    if (place === 'file') this.#place = 'records';
    else if (place === 'records') {
      this.#place = 'record';
      this.#recordIndex += 1;
      this.#head = openHead();
      this.#hasSnapshots = false;
      if (this.#recordIndex >= MAX_SERIES) {
        throw new ThermoclineError(
          'TC_INVALID',
          `There are more than ${MAX_SERIES} records; merge fewer files.`,
        );
      }
    } else {
      this.#place = 'snapshot';
      this.#columns.clear();
      this.#snapshot = emptySnapshot();
    }
  }

  #close(window: ByteWindow, at: number): true {
    if (this.#place === 'record') {
      if (!this.#hasSnapshots) {
        throw new JsonError(at, 'record has no "snapshots"; this may be another file of damo');
      }
      this.#collected?.push(closeHead(this.#head));
    } else if (this.#recordIndex < 0) {
      throw new JsonError(at, 'the list of records is empty');
    }
    this.#place = OUTER[this.#place];
    this.#hasElement = true;
    window.position = at + 1;
    return true;
  }

  /** A region that is not whole, or none. */
  #expectRegion(bytes: Uint8Array, at: number): false {
    if (bytes[at] !== OPEN_BRACE) throw new JsonError(at, 'a region in braces should be here');
    return false;
  }

  /** Reads a key and its value, or up to where the list of snapshots or regions begins. */
  #readKey(window: ByteWindow, at: number): boolean {
    const { bytes, end } = window;
    const keyEnd = skipString(bytes, at, end);
    if (keyEnd === INCOMPLETE || keyEnd >= end) return false;
    const isKnown = keyEnd - at <= MAX_KEY_BYTES;
    const key = isKnown ? textOf(bytes, at + 1, keyEnd - 1) : '';
    const colon = skipSpace(bytes, keyEnd, end);
    if (colon >= end) return false;
    if (bytes[colon] !== COLON) throw new JsonError(colon, 'a colon should be here');
    const from = skipSpace(bytes, colon + 1, end);
    if (from >= end) return false;
    const list = this.#place === 'record' ? 'snapshots' : 'regions';
    if (key === list) return this.#openList(window, from, list);
    const behind = skipValue(bytes, from, end);
    if (behind === INCOMPLETE || behind >= end) return false;
    if (this.#place === 'record') this.#readHeadValue(bytes, from, behind, key);
    else this.#readSnapshotValue(bytes, from, behind, key);
    this.#hasElement = true;
    window.position = behind;
    return true;
  }

  #openList(window: ByteWindow, at: number, list: 'snapshots' | 'regions'): boolean {
    if (window.bytes[at] !== OPEN_BRACKET) {
      throw new JsonError(at, `a list of ${list} should be here`);
    }
    if (list === 'snapshots') {
      if (this.#hasSnapshots) throw new JsonError(at, 'one record has "snapshots" twice');
      const { found } = this.#head;
      const isKnown = found.has('target_id') && found.has('intervals');
      if (!isKnown && this.#heads === null && this.#collected === null) {
        this.needsHeads = true;
        return false;
      }
      this.#hasSnapshots = true;
    } else if (this.#columns.nrRegions > 0) {
      throw new JsonError(at, 'one snapshot has "regions" twice');
    }
    this.#place = list;
    this.#hasElement = false;
    window.position = at + 1;
    return true;
  }

  #readHeadValue(bytes: Uint8Array, from: number, to: number, key: string): void {
    if (!HEAD_KEYS.has(key)) return;
    const head = this.#head;
    head.found.add(key);
    if (key === 'target_id') {
      const quotes = bytes[from] === QUOTE ? 1 : 0;
      head.targetId = isNull(bytes, from) ? null : readId(bytes, from + quotes, to - quotes);
      if (head.targetId === null && !isNull(bytes, from)) {
        throw new JsonError(from, 'target_id is no whole number');
      }
      return;
    }
    const value = parseValue(bytes, from, to, MAX_VALUE_BYTES, key);
    if (key === 'intervals') head.intervals = intervalsOf(value, from);
    else if (key === 'scheme_filters') head.filters = Array.isArray(value) ? value : [];
    else if (key === 'data_source') head.dataSource = typeof value === 'string' ? value : null;
    else if (key === 'kdamond_idx') head.kdamondIndex = indexOf(value, from, key);
    else if (key === 'context_idx') head.contextIndex = indexOf(value, from, key);
    else head.schemeIndex = indexOf(value, from, key);
  }

  #readSnapshotValue(bytes: Uint8Array, from: number, to: number, key: string): void {
    if (this.#collected !== null) return;
    const quotes = bytes[from] === QUOTE ? 1 : 0;
    if (key === 'start_time') {
      this.#snapshot.startNs = timeNs(bytes, from + quotes, to - quotes, key);
    } else if (key === 'end_time') {
      this.#snapshot.endNs = timeNs(bytes, from + quotes, to - quotes, key);
    } else if (key === 'sample_interval_us') {
      const value = parseValue(bytes, from, to, MAX_VALUE_BYTES, key);
      this.#snapshot.sampleIntervalUs = value === null ? null : timeUs(value, from, key);
    } else if (key === 'damos_stats') {
      const value = parseValue(bytes, from, to, MAX_VALUE_BYTES, key);
      this.#snapshot.schemeStats = statsOf(value, from);
    }
  }

  *#openSeries(): Generator<RecordItem> {
    const head = this.#heads?.[this.#recordIndex] ?? closeHead(this.#head);
    // Values that come again after the snapshots change nothing.
    this.#head = { ...head.series, dataSource: head.dataSource, found: new Set() };
    if (this.#recordIndex === 0) {
      const source = head.dataSource;
      const origin = {
        format: this.#format,
        host: null,
        kernelRelease: null,
        source,
        params: null,
      };
      yield { kind: 'origin', origin };
    }
    yield { kind: 'series', index: this.#recordIndex, series: head.series };
  }

  #addRegion(at: number): void {
    const { values } = this.#region;
    const samples = values[SAMPLES]!;
    const age = values[AGE_INTERVALS]!;
    const start = values[START]!;
    const end = values[END]!;
    const nrAccesses = Number.isNaN(samples) ? this.#samplesOfPercent(at) : samples;
    if (!(start <= end && nrAccesses < 2 ** 32)) throw new JsonError(at, 'the region can not be');
    const columns = this.#columns;
    columns.add(start, end, Math.trunc(nrAccesses), Number.isNaN(age) ? this.#ageOfTime() : age);
    const passed = values[FILTER_PASSED]!;
    if (!Number.isNaN(passed)) columns.setFilterPassed(passed);
    if (!Number.isNaN(values[PROBE_HITS]!)) columns.setProbeHits(values, PROBE_HITS);
  }

  /** Cut to a whole, as damo does; 0 for a bare range of addresses. */
  #samplesOfPercent(at: number): number {
    const percent = this.#region.values[PERCENT]!;
    const { intervals } = this.#head;
    if (Number.isNaN(percent)) return 0;
    if (intervals === null) {
      throw new JsonError(at, 'the region tells percents of samples, but the record no intervals');
    }
    const { sampleIntervalUs, aggregationIntervalUs } = intervals;
    const samples = Math.trunc((percent * aggregationIntervalUs) / sampleIntervalUs / 100);
    return Number.isFinite(samples) ? samples : 0;
  }

  #ageOfTime(): number {
    const ageUs = this.#region.values[AGE_US]!;
    const age = Math.trunc(ageUs / (this.#head.intervals?.aggregationIntervalUs ?? Number.NaN));
    return Number.isFinite(age) ? age : -1;
  }

  #closeSnapshot(at: number): RecordItem {
    const { startNs, endNs, sampleIntervalUs, schemeStats } = this.#snapshot;
    if (startNs === null || endNs === null || endNs < startNs) {
      throw new JsonError(at, 'the snapshot has no start_time and end_time in this order');
    }
    const head = {
      ...{ seriesIndex: this.#recordIndex, startNs, endNs, schemeStats },
      ...snapshotIntervals(sampleIntervalUs, this.#head.intervals),
    };
    return { kind: 'snapshot', snapshot: this.#columns.snapshot(head) };
  }
}

interface OpenSnapshot {
  startNs: bigint | null;
  endNs: bigint | null;
  sampleIntervalUs: number | null;
  schemeStats: SeriesSnapshot['schemeStats'];
}

function emptySnapshot(): OpenSnapshot {
  return { startNs: null, endNs: null, sampleIntervalUs: null, schemeStats: null };
}

/**
 * Tuning keeps the ratio of the two intervals. Those of the series hold for a snapshot without its
 * own only when nothing tunes.
 */
function snapshotIntervals(
  sampleIntervalUs: number | null,
  series: SeriesIntervals | null,
): Pick<SeriesSnapshot, 'sampleIntervalUs' | 'aggregationIntervalUs'> {
  if (sampleIntervalUs === null) {
    const own = series !== null && series.goal === null ? series : null;
    return {
      sampleIntervalUs: own?.sampleIntervalUs ?? null,
      aggregationIntervalUs: own?.aggregationIntervalUs ?? null,
    };
  }
  const ratio = series === null ? 0 : series.aggregationIntervalUs / series.sampleIntervalUs;
  const aggregationIntervalUs = Number.isFinite(ratio) ? sampleIntervalUs * ratio : 0;
  return { sampleIntervalUs, aggregationIntervalUs: aggregationIntervalUs || null };
}

function notOpened(place: Place): string {
  if (place === 'file') return 'damo writes a list of records in [brackets]';
  return place === 'records' ? 'a record in {braces} should be here' : 'a snapshot should be here';
}
