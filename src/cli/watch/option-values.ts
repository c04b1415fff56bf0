import { ThermoclineError } from '../../base/errors.ts';
import { parseDuration } from '../../base/units.ts';

/** Shorter times than this nobody means. */
const SHORTEST_US = 10_000;

/** Value of `--pid`, which may be repeated. */
export function addPid(text: string, before: readonly number[] = []): number[] {
  const pid = Number(text);
  if (!/^\d+$/.test(text) || pid < 1 || pid > 2 ** 22) {
    throw new ThermoclineError('TC_INVALID', `--pid is "${text}"; write the number of a process.`);
  }
  return [...before, pid];
}

/** Reads the duration that `flag` is given, in microseconds. */
export function durationValue(flag: string): (text: string) => number {
  return (text) => {
    const durationUs = parseDuration(text, flag);
    if (durationUs >= SHORTEST_US) return durationUs;
    throw new ThermoclineError('TC_INVALID', `${flag} has to be 10ms at least.`);
  };
}

/** Value of `--ceiling`: a percentage, as a share of one CPU. */
export function ceilingValue(text: string): number {
  const percent = Number(text.replace(/\s*%$/, ''));
  if (percent > 0 && percent <= 100) return percent / 100;
  throw new ThermoclineError(
    'TC_INVALID',
    `--ceiling is "${text}"; write a percentage above 0, up to 100, like 1 or 5%.`,
  );
}
