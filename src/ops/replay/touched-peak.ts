import type { TargetPattern } from './recorded-pattern.ts';

/** Memory with the time of the last window in which it was accessed. */
interface Touched {
  readonly start: number;
  end: number;
  readonly lastUs: number;
  /** Of its pages, as many as are touched in the stretch of time. */
  readonly share: number;
}

/**
 * The most memory of a target that was touched within any stretch of time of this length, in bytes:
 * what no policy may take that leaves memory alone for so long. Of each region, as much counts as
 * is touched when accesses go on like this for the whole stretch.
 */
export function touchedPeak(pattern: TargetPattern, spanUs: number): number {
  const { nrWindows, endUs, firstRow, start, end } = pattern;
  let touched: Touched[] = [];
  let peak = 0;
  for (let window = 0; window < nrWindows; window++) {
    const lastUs = endUs[window]!;
    const samples = spanUs / pattern.sampleIntervalUs[window]!;
    const fresh: Touched[] = [];
    for (let row = firstRow[window]!; row < firstRow[window + 1]!; row++) {
      const share = touchedShare(pattern, row, samples);
      fresh.push({ start: start[row]!, end: end[row]!, lastUs, share });
    }
    touched = overlaid(
      touched.filter((one) => one.lastUs > lastUs - spanUs),
      fresh,
    );
    let bytes = 0;
    for (const one of touched) bytes += (one.end - one.start) * one.share;
    peak = Math.max(peak, bytes);
  }
  return peak;
}

function touchedShare(pattern: TargetPattern, row: number, samples: number): number {
  const active = pattern.activeShare[row]!;
  const ofActive = Math.min(1, pattern.accessShare[row]! / active);
  return active === 0 ? 0 : active * (1 - (1 - ofActive) ** samples);
}

/** What is fresh, as much of it as of the rest, and between it what is left of the rest; sorted. */
function overlaid(rest: readonly Touched[], fresh: readonly Touched[]): Touched[] {
  const result: Touched[] = [];
  let index = 0;
  let from = 0;
  const append = (
    start: number,
    end: number,
    { lastUs, share }: Omit<Touched, 'start' | 'end'>,
  ) => {
    const last = result.at(-1);
    if (start >= end) return;
    if (last?.end === start && last.lastUs === lastUs && last.share === share) last.end = end;
    else result.push({ start, end, lastUs, share });
  };
  const keepUpTo = (until: number) => {
    for (; index < rest.length && rest[index]!.start < until; index++) {
      const one = rest[index]!;
      append(Math.max(from, one.start), Math.min(one.end, until), one);
      if (one.end > until) return;
    }
  };
  for (const one of fresh) {
    keepUpTo(one.start);
    from = one.start;
    for (let at = index; at < rest.length && rest[at]!.start < one.end; at++) {
      const before = rest[at]!;
      append(from, before.start, one);
      const start = Math.max(from, before.start);
      from = Math.max(from, Math.min(before.end, one.end));
      append(start, from, { ...one, share: Math.max(one.share, before.share) });
    }
    append(from, one.end, one);
    from = one.end;
    while (index < rest.length && rest[index]!.end <= from) index += 1;
  }
  keepUpTo(Number.POSITIVE_INFINITY);
  return result;
}
