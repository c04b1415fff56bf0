/**
 * Numbers, sizes and times as damo writes them (`1,234`, `143.027 MiB`, `3 s 400 ms`), read
 * straight from bytes. All return NaN, or null for bigints, where there is no such number: the
 * caller knows what to call it.
 */

/** Longer texts are no numbers; without a limit a billion digits would be read. */
const MAX_NUMBER_BYTES = 64;
const MAX_TIME_BYTES = 160;

/** Up to so many digits a double holds every whole number. */
const EXACT_DIGITS = 15;

/** What damo writes for the largest number that it knows, 2^64 - 1. */
const LARGEST = 2 ** 64;

const SPACE = 0x20;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

const SIZE_UNITS = 'BKMGTPE';

const TIME_UNITS_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1000,
  ms: 1_000_000,
  s: 1_000_000_000,
  m: 60_000_000_000,
  h: 3_600_000_000_000,
  d: 86_400_000_000_000,
};

/** A number with or without commas, a fraction and an exponent; `min` and `max`. Not negative. */
export function readNumber(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  let digits = 0;
  let pointAt = -1;
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    if (byte >= ZERO && byte <= NINE) {
      value = value * 10 + (byte - ZERO);
      digits += 1;
    } else if (byte === POINT && pointAt < 0 && digits > 0) pointAt = digits;
    else if (byte !== COMMA || digits === 0) return numberOfText(bytes, from, to);
  }
  if (digits === 0 || digits > EXACT_DIGITS) return numberOfText(bytes, from, to);
  // One division of two exact numbers rounds as reading the text does.
  return pointAt < 0 ? value : value / 10 ** (digits - pointAt);
}

/** Bytes: a number and, with or without a space, a unit of 1024s in capitals. Cut to a whole. */
export function readSize(bytes: Uint8Array, from: number, to: number): number {
  let split = to;
  while (split > from && isLetter(bytes[split - 1]!)) split -= 1;
  if (split === from) return readNumber(bytes, from, to);
  const scale = split === to ? 1 : sizeUnit(bytes, split, to);
  if (bytes[split - 1] === SPACE) split -= 1;
  return Math.min(Math.trunc(readNumber(bytes, from, split) * scale), LARGEST);
}

/**
 * Nanoseconds: parts of a number and a unit with spaces between them, or a bare number.
 * @param bareUnitNs unit of a bare number
 */
export function readTimeNs(
  bytes: Uint8Array,
  from: number,
  to: number,
  bareUnitNs: number,
): bigint | null {
  if (to - from > MAX_TIME_BYTES) return null;
  const words = textOf(bytes, from, to)
    .replace(/(\d)([a-z])/g, '$1 $2')
    .split(' ')
    .filter((word) => word !== '');
  if (words.length === 1) return timePart(words[0]!, bareUnitNs);
  if (words.length === 0 || words.length % 2 !== 0) return null;
  let sum = 0n;
  for (let i = 0; i < words.length; i += 2) {
    const part = timePart(words[i]!, TIME_UNITS_NS[words[i + 1]!] ?? Number.NaN);
    if (part === null) return null;
    sum += part;
  }
  return sum;
}

/** Microseconds, as `readTimeNs` with bare numbers being microseconds; exact to 1/1000. */
export function readTimeUs(bytes: Uint8Array, from: number, to: number): number {
  const bare = readNumber(bytes, from, to);
  if (!Number.isNaN(bare)) return bare;
  const ns = readTimeNs(bytes, from, to, 1000);
  return ns === null ? Number.NaN : Number(ns) / 1000;
}

/** Whole number of any length up to a u64, in decimal without commas; null if it is none. */
export function readId(bytes: Uint8Array, from: number, to: number): string | null {
  const text = to - from > MAX_NUMBER_BYTES ? '' : textOf(bytes, from, to).replaceAll(',', '');
  return /^\d{1,20}$/.test(text) ? BigInt(text).toString() : null;
}

/** Text of single-byte characters. */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || byte === 0x69;
}

/** `B`, `K`, `KB`, `KiB`… */
function sizeUnit(bytes: Uint8Array, from: number, to: number): number {
  const match = /^(?:B|([KMGTPE])(?:i?B)?)$/.exec(to - from > 3 ? '' : textOf(bytes, from, to));
  return match ? 1024 ** SIZE_UNITS.indexOf(match[1] ?? 'B') : Number.NaN;
}

function numberOfText(bytes: Uint8Array, from: number, to: number): number {
  if (to - from > MAX_NUMBER_BYTES) return Number.NaN;
  const text = textOf(bytes, from, to).trim();
  if (text === 'min') return 0;
  if (text === 'max') return LARGEST;
  if (!/^\d[\d,]*(\.[\d,]*)?(e[+-]?\d{1,3})?$/i.test(text)) return Number.NaN;
  return Number(text.replaceAll(',', ''));
}

function timePart(text: string, unitNs: number): bigint | null {
  const digits = text.replaceAll(',', '');
  if (Number.isNaN(unitNs) || !/^\d{1,30}(\.\d{0,30})?$/.test(digits)) return null;
  if (!digits.includes('.')) return BigInt(digits) * BigInt(unitNs);
  return BigInt(Math.round(Number(digits) * unitNs));
}
