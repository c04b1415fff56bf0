/**
 * Numbers as people read and write them. Sizes are powers of 1024; durations are exact in
 * microseconds.
 */
import { ThermoclineError } from './errors.ts';

const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

const DURATION_UNITS_US: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};

/** `1.2 GiB`: three significant digits at least, whole bytes without a point. */
export function formatBytes(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  // The value as it would be rounded decides, so that 1,048,575 B reads 1 MiB and not 1024 KiB.
  while (unit < SIZE_UNITS.length - 1 && Number(value.toFixed(unit === 0 ? 0 : 1)) >= 1024) {
    value /= 1024;
    unit += 1;
  }
  const text = unit === 0 ? String(value) : value.toFixed(1).replace(/\.0$/, '');
  return `${bytes < 0 ? '-' : ''}${text} ${SIZE_UNITS[unit]}`;
}

/** `3.4 s`, `250 ms`, `2.5 h`. */
export function formatDuration(durationUs: number): string {
  const steps: readonly [limitUs: number, unitUs: number, unit: string][] = [
    [1000, 1, 'us'],
    [1_000_000, 1000, 'ms'],
    [120_000_000, 1_000_000, 's'],
    [7_200_000_000, 60_000_000, 'm'],
    [172_800_000_000, 3_600_000_000, 'h'],
    [Infinity, 86_400_000_000, 'd'],
  ];
  const [, unitUs, unit] = steps.find(([limitUs]) => Math.abs(durationUs) < limitUs)!;
  return `${(durationUs / unitUs).toFixed(1).replace(/\.0$/, '')} ${unit}`;
}

/** `12.3 %` of a share from 0 to 1; what is above 0 is never shown as 0. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.01) return '<0.01 %';
  return `${Number(percent.toFixed(percent < 1 ? 2 : 1))} %`;
}

/**
 * Bytes from `4096`, `64K`, `1.5 GiB`, `2MB` (all powers of 1024).
 * @param what names the flag or field in the error
 */
export function parseBytes(text: string, what: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([KMGTPE]?)(i?B)?\s*$/i.exec(text);
  const bytes = match
    ? Number(match[1]) * 1024 ** ' KMGTPE'.indexOf(match[2]!.toUpperCase() || ' ')
    : NaN;
  if (!Number.isSafeInteger(bytes)) {
    throw new ThermoclineError(
      'TC_INVALID',
      `${what} is "${text}", which is not a size; write bytes or a unit, like 4096, 64K or 1.5 GiB.`,
    );
  }
  return bytes;
}

/**
 * Microseconds from `5ms`, `1.5 s`, `2m`. A bare number is refused: its unit would be a guess.
 * @param what names the flag or field in the error
 */
export function parseDuration(text: string, what: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(us|ms|s|m|h|d)\s*$/.exec(text);
  const durationUs = match ? Math.round(Number(match[1]) * DURATION_UNITS_US[match[2]!]!) : NaN;
  if (!Number.isSafeInteger(durationUs)) {
    throw new ThermoclineError(
      'TC_INVALID',
      `${what} is "${text}", which is not a duration; write a number and a unit, like 5ms, 1.5s or 2m.`,
    );
  }
  return durationUs;
}
