/**
 * Finds where JSON values begin and end in bytes, of which the rest may not have arrived yet.
 * Nothing is decoded and nothing is allocated, and nesting is counted, not followed by recursion.
 */
import { ThermoclineError } from '../base/errors.ts';

/** Returned instead of a position: the value goes on behind the bytes at hand. */
export const INCOMPLETE = -1;

/** Deeper than any recording; far from what exhausts the stack of those who look at the value. */
const MAX_DEPTH = 64;

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;

/**
 * The error of text that is no JSON. `at` counts from the start of `bytes`; the caller adds the
 * rest.
 */
export class JsonError extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** First byte at or after `at` that is no white space; `end` if there is none. */
export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end) {
    const byte = bytes[i]!;
    if (byte > SPACE) break;
    if (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
      throw new JsonError(i, 'there is a control character');
    }
    i += 1;
  }
  return i;
}

/** Behind the string that begins at `at` (its opening quote). */
export function skipString(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== QUOTE) throw new JsonError(at, 'a string in quotes should be here');
  for (let i = at + 1; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) return i + 1;
    if (byte === BACKSLASH) i += 1;
    else if (byte < SPACE) throw new JsonError(i, 'there is a control character in a string');
  }
  return INCOMPLETE;
}

/** Behind the value that begins at `at`, whatever it is. */
export function skipValue(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0;
  let i = at;
  while (i < end) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      i = skipString(bytes, i, end);
      if (i === INCOMPLETE) return INCOMPLETE;
    } else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      depth += 1;
      if (depth > MAX_DEPTH) throw new JsonError(i, `values are nested deeper than ${MAX_DEPTH}`);
      i += 1;
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) {
      depth -= 1;
      if (depth < 0) throw new JsonError(i, 'a value should be here');
      i += 1;
    } else if (isScalar(byte)) {
      i = skipScalar(bytes, i, end);
      if (i === INCOMPLETE) return INCOMPLETE;
    } else if (depth > 0 && (byte === COMMA || byte === COLON)) {
      i += 1;
    } else {
      throw new JsonError(i, 'a value should be here');
    }
    if (depth === 0) return i;
    i = skipSpace(bytes, i, end);
  }
  return INCOMPLETE;
}

/** Letters, digits and signs: what numbers, `true`, `false` and `null` are made of. */
function isScalar(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    byte === 0x45
  );
}

function skipScalar(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at; i < end; i++) if (!isScalar(bytes[i]!)) return i;
  return INCOMPLETE;
}

/** Whether the value that begins at `at` is `null`. */
export function isNull(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x6e && bytes[at + 1] === 0x75 && bytes[at + 2] === 0x6c && bytes[at + 3] === 0x6c
  );
}

/**
 * The value at [at, to), parsed.
 * @throws ThermoclineError TC_INVALID when it is longer than `maxBytes`; JsonError when it is no
 * JSON
 */
export function parseValue(
  bytes: Uint8Array,
  at: number,
  to: number,
  maxBytes: number,
  what: string,
): unknown {
  if (to - at > maxBytes) {
    throw new ThermoclineError('TC_INVALID', `${what} is longer than ${maxBytes} bytes.`);
  }
  try {
    return JSON.parse(new TextDecoder().decode(bytes.subarray(at, to)));
  } catch {
    throw new JsonError(at, `${what} is no JSON`);
  }
}
