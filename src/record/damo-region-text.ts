/**
 * Reads regions from damo's JSON. A recording has millions of them, all of the same shape: between
 * the numbers of one region and of the next stand the same bytes, several hundred. So the text
 * between the numbers of a region is kept, and the next region is compared with it, four bytes at a
 * time. Where it differs, keys are looked at one by one.
 *
 *     {"start": "4,096", "end": "8,192", "nr_accesses": {"samples": 3, "percent": null}, …}
 *     └ gap 0 ─┘└─ 0 ─┘└ gap 1 ┘└─ 1 ─┘└ gap 2 ──────────────────────┘└2┘└ gap 3 …
 */
import { readNumber, readSize, readTimeUs, textOf } from '../base/damo-number-bytes.ts';
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
  QUOTE,
  skipSpace,
  skipString,
  skipValue,
} from './json-scanner.ts';

/** Places in `RegionText.values`. */
export const START = 0;
export const END = 1;
export const SAMPLES = 2;
export const PERCENT = 3;
export const AGE_US = 4;
export const AGE_INTERVALS = 5;
export const FILTER_PASSED = 6;
export const PROBE_HITS = 7;
const NR_PROBES = 4;
const NR_VALUES = PROBE_HITS + NR_PROBES;

const FIELDS: Readonly<Record<string, number>> = {
  start: START,
  end: END,
  'nr_accesses.samples': SAMPLES,
  'nr_accesses.percent': PERCENT,
  'age.usec': AGE_US,
  'age.aggr_intervals': AGE_INTERVALS,
  sz_filter_passed: FILTER_PASSED,
};
const FIELD_NAMES = Object.keys(FIELDS);

const MAX_TOKENS = NR_VALUES;
const MAX_KEY_BYTES = 64;
/** Longer regions are read key by key. */
const MAX_TEMPLATE_BYTES = 4096;
const MAX_FAST_DIGITS = 15;

/** Reads one region after the other. */
export class RegionText {
  /** Numbers of the region that was read last; NaN for what it does not have. */
  readonly values: Float64Array = new Float64Array(NR_VALUES);

  // What the region that was read last looked like.
  #nrTokens = 0;
  readonly #tokenField = new Uint8Array(MAX_TOKENS);
  readonly #tokenFrom = new Int32Array(MAX_TOKENS);
  readonly #tokenTo = new Int32Array(MAX_TOKENS);
  /** Whether the token stands in quotes. */
  readonly #tokenQuoted = new Uint8Array(MAX_TOKENS);
  /** Gaps one after the other, each from a multiple of four on. */
  readonly #gaps = new Uint8Array(MAX_TEMPLATE_BYTES + 4 * (MAX_TOKENS + 1));
  readonly #gapWords = new Int32Array(this.#gaps.buffer);
  readonly #gapFrom = new Int32Array(MAX_TOKENS + 2);
  readonly #gapLength = new Int32Array(MAX_TOKENS + 1);
  #hasTemplate = false;

  /**
   * Reads the region that begins at `at`.
   * @param view of `bytes`
   * @returns the position behind it, or INCOMPLETE
   * @throws JsonError
   */
  read(bytes: Uint8Array, view: DataView, at: number, end: number): number {
    if (this.#hasTemplate) {
      const behind = this.#readAlike(bytes, view, at, end);
      if (behind !== INCOMPLETE) return behind;
    }
    return this.#readKeys(bytes, at, end);
  }

  /** Reads a region whose gaps are those of the last; INCOMPLETE when it is not so. */
  #readAlike(bytes: Uint8Array, view: DataView, at: number, end: number): number {
    // Each token's value is replaced; what has no token is NaN since the template was made.
    const values = this.values;
    let i = at;
    for (let token = 0; ; token++) {
      const length = this.#gapLength[token]!;
      if (i + length > end || !this.#isGap(view, bytes, i, token, length)) return INCOMPLETE;
      i += length;
      if (token === this.#nrTokens) return i;
      const isQuoted = this.#tokenQuoted[token] === 1;
      const from = i;
      let value = 0;
      let digits = 0;
      for (; i < end; i++) {
        const byte = bytes[i]!;
        const digit = byte - 0x30;
        if (digit >= 0 && digit <= 9) {
          value = value * 10 + digit;
          digits += 1;
        } else if (byte !== COMMA || !isQuoted) break;
      }
      if (i >= end) return INCOMPLETE;
      const field = this.#tokenField[token]!;
      const isPlain = digits > 0 && digits <= MAX_FAST_DIGITS;
      if (isPlain && (!isQuoted || bytes[i] === QUOTE)) {
        values[field] = value;
      } else if (isQuoted) {
        i = bytes.indexOf(QUOTE, i);
        if (i < 0 || i >= end) return INCOMPLETE;
        values[field] = numberOf(bytes, from, i, field);
      } else {
        return INCOMPLETE;
      }
    }
  }

  #isGap(view: DataView, bytes: Uint8Array, at: number, gap: number, length: number): boolean {
    const from = this.#gapFrom[gap]!;
    const nrWords = length >> 2;
    const firstWord = from >> 2;
    for (let word = 0; word < nrWords; word++) {
      if (view.getInt32(at + word * 4, true) !== this.#gapWords[firstWord + word]!) return false;
    }
    for (let i = nrWords * 4; i < length; i++) {
      if (bytes[at + i] !== this.#gaps[from + i]) return false;
    }
    return true;
  }

  /** Reads a region key by key, and keeps what stands between its numbers. */
  #readKeys(bytes: Uint8Array, at: number, end: number): number {
    this.#hasTemplate = false;
    this.#nrTokens = 0;
    this.values.fill(Number.NaN);
    const behind = this.#readObject(bytes, at, end, '');
    if (behind !== INCOMPLETE) this.#keepTemplate(bytes, at, behind);
    return behind;
  }

  #readObject(bytes: Uint8Array, at: number, end: number, prefix: string): number {
    if (bytes[at] !== OPEN_BRACE) throw new JsonError(at, 'a region in braces should be here');
    let i = skipSpace(bytes, at + 1, end);
    if (bytes[i] === CLOSE_BRACE && i < end) return i + 1;
    while (i < end) {
      const keyEnd = skipString(bytes, i, end);
      if (keyEnd === INCOMPLETE || keyEnd >= end) return INCOMPLETE;
      const isKnown = keyEnd - i <= MAX_KEY_BYTES;
      const key = isKnown ? prefix + textOf(bytes, i + 1, keyEnd - 1) : '';
      i = skipSpace(bytes, keyEnd, end);
      if (i >= end) return INCOMPLETE;
      if (bytes[i] !== COLON) throw new JsonError(i, 'a colon should be here');
      i = skipSpace(bytes, i + 1, end);
      if (i >= end) return INCOMPLETE;
      i = this.#readValue(bytes, i, end, key);
      if (i === INCOMPLETE) return INCOMPLETE;
      i = skipSpace(bytes, i, end);
      if (i >= end) return INCOMPLETE;
      if (bytes[i] === CLOSE_BRACE) return i + 1;
      if (bytes[i] !== COMMA) throw new JsonError(i, 'a comma or closing brace should be here');
      i = skipSpace(bytes, i + 1, end);
    }
    return INCOMPLETE;
  }

  #readValue(bytes: Uint8Array, at: number, end: number, key: string): number {
    const isObject = bytes[at] === OPEN_BRACE;
    if (isObject && (key === 'nr_accesses' || key === 'age')) {
      return this.#readObject(bytes, at, end, `${key}.`);
    }
    if (key === 'probe_hits' && bytes[at] === OPEN_BRACKET) return this.#readHits(bytes, at, end);
    const behind = skipValue(bytes, at, end);
    if (behind === INCOMPLETE || behind >= end) return INCOMPLETE;
    const field = FIELDS[key];
    if (field !== undefined && !isNull(bytes, at)) this.#readToken(bytes, at, behind, field);
    return behind;
  }

  #readHits(bytes: Uint8Array, at: number, end: number): number {
    let i = skipSpace(bytes, at + 1, end);
    for (let probe = 0; i < end; probe++) {
      if (bytes[i] === CLOSE_BRACKET) return i + 1;
      if (probe === NR_PROBES) throw new JsonError(i, 'there are more than four probe_hits');
      const behind = skipValue(bytes, i, end);
      if (behind === INCOMPLETE || behind >= end) return INCOMPLETE;
      this.#readToken(bytes, i, behind, PROBE_HITS + probe);
      i = skipSpace(bytes, behind, end);
      if (i < end && bytes[i] === COMMA) i = skipSpace(bytes, i + 1, end);
      else if (i < end && bytes[i] !== CLOSE_BRACKET) {
        throw new JsonError(i, 'a comma or closing bracket should be here');
      }
    }
    return INCOMPLETE;
  }

  #readToken(bytes: Uint8Array, at: number, behind: number, field: number): void {
    const isQuoted = bytes[at] === QUOTE;
    const from = isQuoted ? at + 1 : at;
    const to = isQuoted ? behind - 1 : behind;
    this.values[field] = numberOf(bytes, from, to, field);
    // A key that stands there twice makes no template.
    if (this.#nrTokens < MAX_TOKENS) {
      this.#tokenField[this.#nrTokens] = field;
      this.#tokenFrom[this.#nrTokens] = from;
      this.#tokenTo[this.#nrTokens] = to;
      this.#tokenQuoted[this.#nrTokens] = isQuoted ? 1 : 0;
    }
    this.#nrTokens += 1;
  }

  #keepTemplate(bytes: Uint8Array, at: number, behind: number): void {
    if (this.#nrTokens > MAX_TOKENS || behind - at > MAX_TEMPLATE_BYTES) return;
    let from = at;
    let gapFrom = 0;
    for (let token = 0; token <= this.#nrTokens; token++) {
      const to = token === this.#nrTokens ? behind : this.#tokenFrom[token]!;
      this.#gaps.set(bytes.subarray(from, to), gapFrom);
      this.#gapFrom[token] = gapFrom;
      this.#gapLength[token] = to - from;
      gapFrom += (to - from + 3) & ~3;
      from = this.#tokenTo[token]!;
    }
    this.#hasTemplate = true;
  }
}

/** A number of a region by the rules of its key. */
function numberOf(bytes: Uint8Array, from: number, to: number, field: number): number {
  let value: number;
  if (field === AGE_US) value = readTimeUs(bytes, from, to);
  else if (field === PERCENT) value = readPercent(bytes, from, to);
  else if (field === START || field === END || field === FILTER_PASSED) {
    value = readSize(bytes, from, to);
  } else value = readNumber(bytes, from, to);
  if (Number.isNaN(value)) {
    throw new JsonError(
      from,
      `${FIELD_NAMES[field] ?? 'probe_hits'} is no number that damo writes`,
    );
  }
  return value;
}

/** `95`, `95%` or `95 %`. */
function readPercent(bytes: Uint8Array, from: number, to: number): number {
  const hasSign = bytes[to - 1] === 0x25;
  let end = hasSign ? to - 1 : to;
  if (hasSign && bytes[end - 1] === 0x20) end -= 1;
  return readNumber(bytes, from, end);
}
