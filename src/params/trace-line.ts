/**
 * One line of what `perf script` or `trace-cmd report` print of DAMON's trace points, read from
 * bytes:
 *
 *     comm 4452 [000] 82820.952659: damon:damon_aggregated: target_id=1 nr_regions=8 4096-8192: 0 3
 *     comm-4452 [000] ..... 82820.952659: damon_aggregated: target_id=1 nr_regions=8 4096-8192: 0 3
 *
 * The name of a task can hold spaces and colons, so a line is entered at its time: digits, a point,
 * digits, a colon and a space.
 */
import { readNumber, textOf } from '../base/damo-number-bytes.ts';

/** What a line is. `other` is no line of ours; `damaged` is one that can't be read. */
export type TraceLineKind =
  | 'other'
  | 'damaged'
  | 'damon_aggregated'
  | 'damon_region_aggregated'
  | 'damos_before_apply'
  | 'damon_monitor_intervals_tune';

const SPACE = 0x20;
const TAB = 0x09;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const EQUALS = 0x3d;

const NOTHING = new Uint8Array(0);
const KDAMOND = 'kdamond.';
const MAX_WORD_BYTES = 64;
const MAX_NR_ACCESSES = 2 ** 32 - 1;
const NR_PROBES = 4;

const KINDS: Readonly<Record<string, TraceLineKind>> = {
  damon_aggregated: 'damon_aggregated',
  damon_region_aggregated: 'damon_region_aggregated',
  damos_before_apply: 'damos_before_apply',
  damon_monitor_intervals_tune: 'damon_monitor_intervals_tune',
};

/** The line that was read last; `read` replaces all of it. */
export class TraceLine {
  kind: TraceLineKind = 'other';
  seconds = 0;
  nanoseconds = 0;
  /** N of a task named `kdamond.N`, or null. */
  kdamondIndex: number | null = null;
  /** Of the target, in decimal; the index for schemes. */
  targetId = '';
  contextIndex = 0;
  schemeIndex = 0;
  nrRegions = 0;
  start = 0;
  end = 0;
  nrAccesses = 0;
  /** -1: the line has none. */
  age = -1;
  readonly probeHits: Uint32Array = new Uint32Array(NR_PROBES);
  hasProbeHits = false;
  sampleIntervalUs = 0;
  /** damo's mark of a snapshot that is none: a region from 0 to 0 with -1 accesses. */
  isFake = false;

  // Event and fields of the line before: those of one snapshot differ in their regions only.
  #head: Uint8Array = NOTHING;
  #headKind: TraceLineKind = 'other';

  /** Reads the line at [from, to), without its line feed. */
  read(bytes: Uint8Array, from: number, to: number): void {
    this.kind = 'other';
    const event = this.#readTime(bytes, from, to);
    if (event < 0) return;
    this.kdamondIndex = kdamondIndex(bytes, from, event);
    if (this.#isHead(bytes, event, to)) {
      const isRegion = this.#readRegion(bytes, event + this.#head.length, to);
      this.kind = isRegion ? this.#headKind : 'damaged';
      return;
    }
    this.#head = NOTHING;
    const nameEnd = wordEnd(bytes, event, to);
    if (bytes[nameEnd - 1] !== COLON || nameEnd - event > MAX_WORD_BYTES) return;
    const name = textOf(bytes, event, nameEnd - 1);
    const kind = KINDS[name.startsWith('damon:') ? name.slice(6) : name];
    if (kind === undefined) return;
    this.kind = this.#readFields(bytes, event, nameEnd, to, kind) ? kind : 'damaged';
  }

  /** Whether event and fields are as before. */
  #isHead(bytes: Uint8Array, event: number, to: number): boolean {
    const head = this.#head;
    if (head.length === 0 || event + head.length > to) return false;
    for (let i = 0; i < head.length; i++) if (bytes[event + i] !== head[i]) return false;
    return true;
  }

  /** Finds and reads the time. Returns where the event's name begins, or -1. */
  #readTime(bytes: Uint8Array, from: number, to: number): number {
    for (let colon = from + 3; colon < to - 1; colon++) {
      if (bytes[colon] !== COLON || !isSpace(bytes[colon + 1]!)) continue;
      let at = colon - 1;
      let nanoseconds = 0;
      let unit = 1;
      for (; at > from && isDigit(bytes[at]!); at--) {
        nanoseconds += (bytes[at]! - ZERO) * unit;
        unit *= 10;
      }
      if (bytes[at] !== POINT || unit === 1 || unit > 1e9) continue;
      const point = at;
      at -= 1;
      while (at >= from && isDigit(bytes[at]!)) at -= 1;
      const seconds = readNumber(bytes, at + 1, point);
      if (Number.isNaN(seconds) || seconds > 2 ** 36) continue;
      this.seconds = seconds;
      this.nanoseconds = nanoseconds * (1e9 / unit);
      return skipSpaces(bytes, colon + 1, to);
    }
    return -1;
  }

  /** Reads `key=value` words, and the region behind them. */
  #readFields(
    bytes: Uint8Array,
    from: number,
    nameEnd: number,
    to: number,
    kind: TraceLineKind,
  ): boolean {
    this.nrRegions = -1;
    this.targetId = '';
    this.contextIndex = 0;
    this.schemeIndex = 0;
    this.sampleIntervalUs = Number.NaN;
    let at = skipSpaces(bytes, nameEnd, to);
    while (at < to) {
      const end = wordEnd(bytes, at, to);
      const equals = bytes.indexOf(EQUALS, at);
      if (equals < 0 || equals >= end || end - at > MAX_WORD_BYTES) break;
      if (!this.#readField(bytes, at, equals, end)) return false;
      at = skipSpaces(bytes, end, to);
    }
    if (kind === 'damon_monitor_intervals_tune') return this.sampleIntervalUs > 0;
    if (this.targetId === '' || !(this.nrRegions > 0)) return false;
    this.#head = bytes.slice(from, at);
    this.#headKind = kind;
    return this.#readRegion(bytes, at, to);
  }

  #readField(bytes: Uint8Array, at: number, equals: number, end: number): boolean {
    const key = textOf(bytes, at, equals);
    if (key === 'target_id' || key === 'target_idx') {
      // A double does not hold a pointer.
      this.targetId = textOf(bytes, equals + 1, end);
      return /^\d{1,20}$/.test(this.targetId);
    }
    const value = readNumber(bytes, equals + 1, end);
    if (key === 'nr_regions') this.nrRegions = value;
    else if (key === 'ctx_idx') this.contextIndex = value;
    else if (key === 'scheme_idx') this.schemeIndex = value;
    else if (key === 'sample_us') this.sampleIntervalUs = value;
    return value < 2 ** 32;
  }

  /** `start-end: nr_accesses`, then an age or not, then probe hits or not. */
  #readRegion(bytes: Uint8Array, at: number, to: number): boolean {
    const rangeEnd = wordEnd(bytes, at, to);
    const minus = bytes.indexOf(MINUS, at);
    if (minus < 0 || minus >= rangeEnd || bytes[rangeEnd - 1] !== COLON) return false;
    this.start = readNumber(bytes, at, minus);
    this.end = readNumber(bytes, minus + 1, rangeEnd - 1);
    const countAt = skipSpaces(bytes, rangeEnd, to);
    const countEnd = wordEnd(bytes, countAt, to);
    this.isFake = this.end === 0 && bytes[countAt] === MINUS;
    this.nrAccesses = this.isFake ? 0 : readNumber(bytes, countAt, countEnd);
    const rest = skipSpaces(bytes, countEnd, to);
    const restEnd = wordEnd(bytes, rest, to);
    this.age = isDigit(bytes[rest]!) && rest < to ? readNumber(bytes, rest, restEnd) : -1;
    const hits = rest < to && this.age < 0 ? rest : skipSpaces(bytes, restEnd, to);
    this.#readProbeHits(bytes, hits, to);
    const isRegion = this.start <= this.end && this.nrAccesses <= MAX_NR_ACCESSES;
    return isRegion && !Number.isNaN(this.age);
  }

  /** `probe_hits=` and bytes as two hexadecimal digits, as the kernel prints them. */
  #readProbeHits(bytes: Uint8Array, at: number, to: number): void {
    const text = to > at && to - at <= MAX_WORD_BYTES ? textOf(bytes, at, to) : '';
    const match = /^probe_hits=((?:[\da-f]{2} ?){0,4})$/.exec(text.trimEnd());
    this.hasProbeHits = match !== null;
    if (match === null) return;
    const digits = match[1]!.replaceAll(' ', '');
    for (let probe = 0; probe < NR_PROBES; probe++) {
      this.probeHits[probe] = Number.parseInt(digits.slice(probe * 2, probe * 2 + 2) || '0', 16);
    }
  }
}

/** Two digits at most: numbers of kdamonds are small. */
function kdamondIndex(bytes: Uint8Array, from: number, to: number): number | null {
  const name = skipSpaces(bytes, from, to);
  for (let i = 0; i < KDAMOND.length; i++) {
    if (bytes[name + i] !== KDAMOND.charCodeAt(i)) return null;
  }
  const at = name + KDAMOND.length;
  if (at >= to || !isDigit(bytes[at]!)) return null;
  const first = bytes[at]! - ZERO;
  return isDigit(bytes[at + 1]!) ? first * 10 + bytes[at + 1]! - ZERO : first;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === 0x0d;
}

function skipSpaces(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isSpace(bytes[at]!)) at += 1;
  return at;
}

function wordEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && !isSpace(bytes[at]!)) at += 1;
  return at;
}
