/**
 * Numbers as damo writes and reads them. The rules are damo's, oddities included: commas anywhere,
 * sizes in powers of 1024 with upper-case units only, several parts of a time only with spaces.
 * Every reader gives undefined for what damo would not take.
 */
import { withoutNoise } from '../quantities.ts';
import type { Bound } from '../types.ts';

/** damo's `max`; a double can't hold 2^64 - 1 itself. */
const ULONG_MAX = 2 ** 64;

const SIZE_PREFIXES = ' KMGTPE';

const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86400e9,
};

export type TimeUnit = 'ns' | 'us' | 'ms';

/** A number, or digits with commas: `1,234.5`. */
export function parseNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const digits = value.trim().replaceAll(',', '');
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(digits) ? Number(digits) : undefined;
}

/** A number, `min` for 0 or `max`; what is 2^64 - 1 or more is `max` too. */
function parseBound(value: unknown): Bound | undefined {
  if (value === 'max') return 'max';
  const number = value === 'min' ? 0 : parseNumber(value);
  return number !== undefined && number >= ULONG_MAX ? 'max' : number;
}

/** Bytes: `4096`, `128M`, `1.5 GiB`. */
export function parseSize(value: unknown): Bound | undefined {
  const bound = parseBound(value);
  if (bound !== undefined || typeof value !== 'string') return bound;
  const match = /^(.*?)\s*(?:([KMGTPE])(?:i?B)?|B)$/.exec(value);
  const number = match === null ? undefined : parseNumber(match[1]);
  if (number === undefined) return undefined;
  const bytes = Math.trunc(number * 1024 ** SIZE_PREFIXES.indexOf(match?.[2] ?? ' '));
  return bytes >= ULONG_MAX ? 'max' : bytes;
}

/** A time in `unit`: a bare number is in it already, `1 m 2 s` is converted. */
export function parseTime(value: unknown, unit: TimeUnit): Bound | undefined {
  const bound = parseBound(value);
  if (bound !== undefined || typeof value !== 'string') return bound;
  // Between a number and its unit a space may stand or not; between two parts there has to be one.
  const parts = value
    .trim()
    .replaceAll(/(\d)\s+(?=[a-z])/g, '$1')
    .split(/\s+/);
  let total = 0;
  for (const part of parts) {
    const match = /^([\d.,+-]+)(ns|us|ms|s|m|h|d)$/.exec(part);
    const number = match === null ? undefined : parseNumber(match[1]);
    if (number === undefined) return undefined;
    // The ratio first: a count in the unit that is asked for has to come through exactly.
    total += number * (UNIT_NS[match![2]!]! / UNIT_NS[unit]!);
  }
  return withoutNoise(total);
}

/** A share in parts of `whole` (100, 1000, 10000): what a bare number is in, unlike `4 %`. */
export function parseShare(value: unknown, whole: number): Bound | undefined {
  const bound = parseBound(value);
  if (bound !== undefined || typeof value !== 'string' || !value.endsWith('%')) return bound;
  const percent = parseNumber(value.slice(0, -1));
  if (percent === undefined) return undefined;
  return percent >= ULONG_MAX ? 'max' : withoutNoise((percent * whole) / 100);
}

/** A number with a word behind it: `5 samples`, `max aggr_intervals`. */
export function parseCounted(value: unknown, word: string): Bound | undefined {
  if (typeof value !== 'string') return undefined;
  const match = /^\s*(\S+)\s+(\S+)\s*$/.exec(value);
  return match !== null && match[2] === word ? parseBound(match[1]) : undefined;
}

/** A JSON truth value, or y, yes, true, n, no, false in any case. */
export function parseFlag(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const word = value.toLowerCase();
  if (['y', 'yes', 'true'].includes(word)) return true;
  return ['n', 'no', 'false'].includes(word) ? false : undefined;
}
