import type { TargetPattern } from './recorded-pattern.ts';

/** Memory with the time of the last window in which it was accessed. */
interface Touched {
  readonly start: number;
  readonly end: number;
  readonly lastUs: number;
}

/**
 * The most memory of a target that was touched within any stretch of time of this length, in bytes:
 * what no policy may take that leaves memory alone for so long. A region that was accessed at all
 * counts whole.
 */
export function touchedPeak(pattern: TargetPattern, spanUs: number): number {
  const { nrWindows, endUs, firstRow } = pattern;
  let touched: Touched[] = [];
  let peak = 0;
  for (let window = 0; window < nrWindows; window++) {
    const nowUs = endUs[window]!;
    const fresh: Touched[] = [];
    for (let row = firstRow[window]!; row < firstRow[window + 1]!; row++) {
      fresh.push({ start: pattern.start[row]!, end: pattern.end[row]!, lastUs: nowUs });
    }
    touched = overlaid(
      touched.filter(({ lastUs }) => lastUs > nowUs - spanUs),
      fresh,
    );
    let bytes = 0;
    for (const { start, end } of touched) bytes += end - start;
    peak = Math.max(peak, bytes);
  }
  return peak;
}

/** What is fresh, and between it what is left of the rest; both are sorted and apart. */
function overlaid(rest: readonly Touched[], fresh: readonly Touched[]): Touched[] {
  const result: Touched[] = [];
  let index = 0;
  let from = 0;
  const keepUpTo = (until: number) => {
    for (; index < rest.length && rest[index]!.start < until; index++) {
      const { end, lastUs } = rest[index]!;
      const start = Math.max(from, rest[index]!.start);
      if (start < Math.min(end, until)) result.push({ start, end: Math.min(end, until), lastUs });
      if (end > until) return;
    }
  };
  for (const one of fresh) {
    keepUpTo(one.start);
    result.push(one);
    from = one.end;
    while (index < rest.length && rest[index]!.end <= from) index += 1;
  }
  keepUpTo(Number.POSITIVE_INFINITY);
  return result;
}
