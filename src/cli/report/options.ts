/** Options that several reports take, and how their values are written. */
import { type Command, Option } from 'commander';
import {
  type Bounds,
  NO_FILTER,
  type SnapshotFilter,
  type TimePoint,
} from '../../analysis/snapshot-filter.ts';
import { ThermoclineError } from '../../base/errors.ts';
import { parseBytes, parseDuration } from '../../base/units.ts';
import type { AddressRange } from '../../params/types.ts';

/** What a filter's flags were given, as commander leaves it. */
export interface FilterOptions {
  readonly address?: string[];
  readonly size?: string[];
  readonly rate?: string[];
  readonly age?: string[];
  readonly time?: string[];
}

const FILTER_FLAGS = ['address', 'size', 'rate', 'age', 'time'] as const;

/** Sentences below the help of reports that filter. */
export const FILTER_HELP = `
Filters: both ends belong to a range, min and max stand for none. Addresses are decimal or 0x…,
sizes and durations have units (64K, 1.5s). A time is nanoseconds as info prints them, or, with a
unit, counted from the start of the recording. Regions are cut at the ends of --address; every
figure and total is that of what the filters leave.`;

/** Adds `--address`, `--size`, `--rate`, `--age` and `--time`. */
export function addFilterOptions(command: Command): Command {
  return command
    .option('--address <from to...>', 'only these addresses')
    .option('--size <min max...>', 'only regions of such a size')
    .option('--rate <min max...>', 'only regions found accessed in so many % of the samples')
    .option('--age <min max...>', 'only regions that have been the same for so long')
    .option('--time <from to...>', 'only snapshots of this time');
}

/**
 * Commander gives an option with two values every word up to the next option; those after the
 * second are files.
 * @param pairs names of such options
 * @returns the operands; each option has two values or is absent
 * @throws ThermoclineError TC_INVALID where a value is missing, or the number of files is wrong
 */
export function takeFiles(
  operands: readonly string[],
  options: Record<string, unknown>,
  pairs: readonly string[],
  nrFiles = 1,
): string[] {
  const files = [...operands];
  for (const name of pairs) {
    const words = options[name] as string[] | undefined;
    if (words === undefined) continue;
    if (words.length < 2) throw invalid(`${flag(name)} takes two values, and has one.`);
    files.push(...words.splice(2));
  }
  if (files.length === nrFiles) return files;
  const wanted = nrFiles === 1 ? 'one recording' : `${nrFiles} recordings`;
  throw invalid(`Name ${wanted}; ${files.length} ${files.length === 1 ? 'is' : 'are'} named.`);
}

/** The files of a report with filters, and its filter. */
export function takeFilter(
  operands: readonly string[],
  options: FilterOptions,
  otherPairs: readonly string[] = [],
): { file: string; filter: SnapshotFilter | null } {
  const pairs = [...FILTER_FLAGS, ...otherPairs];
  const [file] = takeFiles(operands, options as Record<string, unknown>, pairs);
  const isAny = FILTER_FLAGS.some((name) => options[name] !== undefined);
  const { address, size, rate, age, time } = options;
  const filter: SnapshotFilter = {
    ...NO_FILTER,
    ...(address && { addresses: parseAddresses(address, '--address') }),
    ...(size && { sizeBytes: bounds(size, (text) => parseBytes(text, '--size')) }),
    ...(rate && { ratePercent: bounds(rate, parsePercent) }),
    ...(age && { ageUs: bounds(age, (text) => parseDuration(text, '--age')) }),
    ...(time && { time: parseTimes(time, '--time') }),
  };
  return { file: file!, filter: isAny ? filter : null };
}

/** Two addresses, decimal or in hexadecimal with `0x`. */
export function parseAddresses(words: readonly string[], what: string): AddressRange {
  const [start, end] = words.map((text, index) => {
    if (text === 'min' && index === 0) return 0;
    if (text === 'max' && index === 1) return Number.MAX_SAFE_INTEGER;
    const address = /^(\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(address)) return address;
    throw invalid(`${what} has "${text}", which is not an address; write it in decimal or as 0x….`);
  });
  if (start! < end!) return { start: start!, end: end! };
  throw invalid(`${what} ends where it starts or before; write the lower address first.`);
}

/** Two times: nanoseconds as they are recorded, or durations since the start. */
export function parseTimes(
  words: readonly string[],
  what: string,
): readonly [from: TimePoint, to: TimePoint] {
  const [from, to] = words.map((text, index): TimePoint => {
    if (text === 'min' && index === 0) return { afterStartNs: -(2n ** 63n) };
    if (text === 'max' && index === 1) return { afterStartNs: 2n ** 63n };
    if (/^\d+$/.test(text)) return { atNs: BigInt(text) };
    return { afterStartNs: BigInt(parseDuration(text, what)) * 1000n };
  });
  return [from!, to!];
}

function bounds(words: readonly string[], parse: (text: string) => number): Bounds {
  const [least, most] = words;
  return [
    least === 'min' ? Number.NEGATIVE_INFINITY : parse(least!),
    most === 'max' ? Number.POSITIVE_INFINITY : parse(most!),
  ];
}

function parsePercent(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*%?$/.exec(text);
  if (match !== null) return Number(match[1]);
  throw invalid(`--rate has "${text}", which is not a share; write percents, like 5% or 100%.`);
}

/** `--percentiles 0,25,50`. */
export function percentilesOption(defaults: readonly number[]): Option {
  return new Option('--percentiles <list>', 'percentiles, 0 to 100, with commas between')
    .argParser(parsePercentiles)
    .default(defaults, defaults.join(','));
}

function parsePercentiles(text: string): number[] {
  return text.split(',').map((part) => {
    const value = part.trim() === '' ? NaN : Number(part);
    if (value >= 0 && value <= 100) return value;
    throw invalid(`--percentiles has "${part}"; write numbers from 0 to 100, like 0,50,99.`);
  });
}

/** An option with a whole number of at least `least`. */
export function countOption(
  flags: string,
  description: string,
  least: number = 0,
  most: number = 2 ** 32,
): Option {
  return new Option(flags, description).argParser((text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    const name = flags.split(' ')[0];
    throw invalid(`${name} is "${text}"; write a whole number from ${least} to ${most}.`);
  });
}

function flag(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function invalid(sentence: string): ThermoclineError {
  return new ThermoclineError('TC_INVALID', sentence);
}
