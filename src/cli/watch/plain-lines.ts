import { formatShare } from '../../base/units.ts';
import { formatClock, schemeText, totalsText, watchCostText } from './frame.ts';
import type { WatchView } from './view.ts';

/** What is printed once, before the first line: the target, and what the monitor can't know. */
export function openingLines(view: WatchView): string[] {
  return [
    `watching ${view.subject}, sampled by ${view.description.operationsSet}`,
    ...view.description.caveats.map((caveat) => `- ${caveat}`),
  ];
}

/** One line a drawing: `0:05  touched 41.9 MiB of …; cost 0.4 %`. */
export function sampleLine(view: WatchView): string {
  const cost = formatShare(view.stats.cost.cpuShare);
  return `${formatClock(view.elapsedUs)}  ${totalsText(view)}; cost ${cost} of one CPU`;
}

/** The sums at the end. */
export function closingLines(view: WatchView, reason: string): string[] {
  return [
    `${reason} After ${formatClock(view.elapsedUs)}: ${totalsText(view)}.`,
    ...view.schemes.map((scheme, index) =>
      schemeText(scheme, index, view.stats.schemes[index], view.mode),
    ),
    ...dryRunLines(view.stats.dryRunCalls),
    watchCostText(view),
  ];
}

/** Nothing when this is no dry run. */
function dryRunLines(calls: readonly string[] | undefined): string[] {
  if (calls === undefined) return [];
  if (calls.length === 0) return ['The schemes would have called nothing.'];
  return ['The schemes would have called, the latest last:', ...calls.map((call) => `  ${call}`)];
}
