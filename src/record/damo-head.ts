/**
 * What stands beside the snapshots in a record of damo's JSON, and beside the regions in a
 * snapshot.
 */

import { readNumber, readSize, readTimeNs, readTimeUs } from '../base/damo-number-bytes.ts';
import type { IntervalsGoal } from '../params/types.ts';
import { JsonError } from './json-scanner.ts';
import type { Series, SeriesIntervals } from './recording.ts';

/** A record without its snapshots. */
export interface DamoHead {
  readonly series: Series;
  readonly dataSource: string | null;
}

/** Values that were found so far, and the names of those. */
export interface OpenHead {
  kdamondIndex: number | null;
  contextIndex: number | null;
  schemeIndex: number | null;
  targetId: string | null;
  intervals: SeriesIntervals | null;
  filters: readonly unknown[];
  dataSource: string | null;
  readonly found: Set<string>;
}

/** A record of which nothing is known. */
export function openHead(): OpenHead {
  return {
    kdamondIndex: null,
    contextIndex: null,
    schemeIndex: null,
    targetId: null,
    intervals: null,
    filters: [],
    dataSource: null,
    found: new Set(),
  };
}

/** The head as it is now. */
export function closeHead(open: OpenHead): DamoHead {
  const { kdamondIndex, contextIndex, schemeIndex, targetId, intervals, filters } = open;
  return {
    series: {
      ...{ kdamondIndex, contextIndex, schemeIndex, targetId },
      ...{ pid: null, intervals, filters },
    },
    dataSource: open.dataSource,
  };
}

const encoder = new TextEncoder();
const MINUS = 0x2d;

/** A small index, or null. */
export function indexOf(value: unknown, at: number, key: string): number | null {
  if (value === null) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31) {
    return value;
  }
  throw new JsonError(at, `${key} is no index`);
}

/** The `intervals` object; times are microseconds where they have no unit. */
export function intervalsOf(value: unknown, at: number): SeriesIntervals | null {
  if (value === null) return null;
  const object = objectOf(value, at, 'intervals');
  const goal = object['intervals_goal'];
  return {
    sampleIntervalUs: timeUs(object['sample_us'], at, 'sample_us'),
    aggregationIntervalUs: timeUs(object['aggr_us'], at, 'aggr_us'),
    operationsUpdateIntervalUs: timeUs(object['ops_update_us'], at, 'ops_update_us'),
    goal: goal === undefined || goal === null ? null : goalOf(goal, at),
  };
}

/** Null where tuning is off, which damo writes as `aggrs` of 0. */
function goalOf(value: unknown, at: number): IntervalsGoal | null {
  const object = objectOf(value, at, 'intervals_goal');
  const aggregations = plainNumber(object['aggrs'], at, 'aggrs');
  if (aggregations === 0) return null;
  return {
    accessBp: basisPoints(object['access_bp'], at),
    aggregations,
    minSampleIntervalUs: timeUs(object['min_sample_us'], at, 'min_sample_us'),
    maxSampleIntervalUs: timeUs(object['max_sample_us'], at, 'max_sample_us'),
  };
}

/** A bare number is 1/10,000 already; a percentage is not. */
function basisPoints(value: unknown, at: number): number {
  const match = typeof value === 'string' ? /^([\d.,]{1,20}) ?%$/.exec(value) : null;
  return match ? plainNumber(match[1], at, 'access_bp') * 100 : plainNumber(value, at, 'access_bp');
}

/** Counters of the scheme, by damo's names. */
export function statsOf(value: unknown, at: number): Readonly<Record<string, bigint>> | null {
  if (value === null) return null;
  const stats: Record<string, bigint> = {};
  for (const [name, counter] of Object.entries(objectOf(value, at, 'damos_stats'))) {
    stats[name] = counterOf(counter, at, name);
  }
  return stats;
}

/** Sizes may have a unit. */
function counterOf(value: unknown, at: number, key: string): bigint {
  const text = typeof value === 'string' ? value.replaceAll(',', '') : '';
  if (/^\d{1,20}$/.test(text)) return BigInt(text);
  const counter = readWith(key.startsWith('sz_') ? readSize : readNumber, value);
  if (!Number.isFinite(counter)) throw new JsonError(at, `${key} is no number that damo writes`);
  return BigInt(Math.trunc(counter));
}

/**
 * Nanoseconds of `start_time` and `end_time`, which are larger than doubles hold. Below zero is
 * what derived starts can be that lie before the clock's.
 */
export function timeNs(bytes: Uint8Array, from: number, to: number, key: string): bigint {
  const isNegative = bytes[from] === MINUS;
  const ns = readTimeNs(bytes, isNegative ? from + 1 : from, to, 1);
  if (ns === null || ns >= 2n ** 63n)
    throw new JsonError(from, `${key} is no time that damo writes`);
  return isNegative ? -ns : ns;
}

/** Microseconds from a text with or without units, or from a number. */
export function timeUs(value: unknown, at: number, key: string): number {
  const us = readWith(readTimeUs, value);
  if (Number.isNaN(us)) throw new JsonError(at, `${key} is no time that damo writes`);
  return us;
}

function plainNumber(value: unknown, at: number, key: string): number {
  const number = readWith(readNumber, value);
  if (Number.isNaN(number)) throw new JsonError(at, `${key} is no number that damo writes`);
  return number;
}

function readWith(
  read: (bytes: Uint8Array, from: number, to: number) => number,
  value: unknown,
): number {
  if (typeof value !== 'string' && typeof value !== 'number') return Number.NaN;
  const bytes = encoder.encode(String(value).slice(0, 200));
  return read(bytes, 0, bytes.length);
}

function objectOf(value: unknown, at: number, key: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new JsonError(at, `${key} is no object`);
}
