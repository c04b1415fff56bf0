/**
 * Quantities as people write them in our parameter files, turned into the number of the field's own
 * unit; undefined where the text is none, or not a whole number of that unit.
 */
import { parseBytes, parseDuration } from '../base/units.ts';

export const SIZE_TEXT: RegExp = /^\s*\d+(\.\d+)?\s*([KkMmGgTtPpEe]?)([Ii]?[Bb])?\s*$/;
export const DURATION_TEXT: RegExp = /^\s*\d+(\.\d+)?\s*(us|ms|s|m|h|d)\s*$/;
export const PERCENT_TEXT: RegExp = /^\s*\d+(\.\d+)?\s*%\s*$/;
export const ADDRESS_TEXT: RegExp = /^\s*0[xX][0-9a-fA-F]+\s*$/;

/** The nearest whole number when only the rounding of doubles keeps `value` from it. */
export function withoutNoise(value: number): number {
  const nearest = Math.round(value);
  return Math.abs(value - nearest) <= 1e-12 * Math.max(1, Math.abs(nearest)) ? nearest : value;
}

function wholeOrUndefined(value: number): number | undefined {
  const whole = withoutNoise(value);
  return Number.isSafeInteger(whole) && whole >= 0 ? whole : undefined;
}

/** Bytes of `64M`, `1.5 GiB`. */
export function bytesOf(text: string): number | undefined {
  if (!SIZE_TEXT.test(text)) return undefined;
  try {
    return parseBytes(text, '');
  } catch {
    return undefined;
  }
}

/** Units of `unitUs` microseconds in `5ms`, `1.5 s`. */
export function durationOf(text: string, unitUs: number): number | undefined {
  if (!DURATION_TEXT.test(text)) return undefined;
  try {
    return wholeOrUndefined(parseDuration(text, '') / unitUs);
  } catch {
    return undefined;
  }
}

/** `5 %` as a number out of `whole`, which need not come out even. */
export function percentOf(text: string, whole: number): number | undefined {
  if (!PERCENT_TEXT.test(text)) return undefined;
  const share = withoutNoise((Number.parseFloat(text) * whole) / 100);
  return Number.isFinite(share) ? share : undefined;
}

/** `5 %` in a unit of which `whole` make 100 %: 10,000 for bp, 1,000 for permil. */
export function shareOf(text: string, whole: number): number | undefined {
  const share = percentOf(text, whole);
  return share === undefined ? undefined : wholeOrUndefined(share);
}

/** The address of `0x7f0000000000`. */
export function addressOf(text: string): number | undefined {
  return ADDRESS_TEXT.test(text) ? wholeOrUndefined(Number(text)) : undefined;
}
