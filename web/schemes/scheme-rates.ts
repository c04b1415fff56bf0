/** Counters as rates. */
import type { SchemeFigures } from '../../src/params/scheme-figures.ts';

/**
 * Growth of a counter in a second, over `windowUs` at least before each point; null where that is
 * not known yet. A window of the quota or more, or work by windows looks like a saw.
 */
export function ratesOf(
  series: readonly { readonly timeUs: number; readonly figures: SchemeFigures }[],
  counter: (figures: SchemeFigures) => number,
  windowUs: number,
): (number | null)[] {
  let first = 0;
  return series.map(({ timeUs, figures }) => {
    while (series[first + 1]!.timeUs <= timeUs - windowUs) first += 1;
    const before = series[first]!;
    if (before.timeUs > timeUs - windowUs) return null;
    // A monitor that was made anew counts from 0 again.
    const grown = Math.max(counter(figures) - counter(before.figures), 0);
    return grown / ((timeUs - before.timeUs) / 1e6);
  });
}
