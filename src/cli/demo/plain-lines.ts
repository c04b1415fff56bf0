import { formatBytes } from '../../base/units.ts';
import { costText, formatClock } from '../watch/frame.ts';
import { comparison, type DemoView } from './frame.ts';

/** What is watched and what can't be known of it, once. */
export function openingLines({ real, twin }: DemoView): string[] {
  if (typeof real === 'string') return [real, `${twin.title}. ${twin.caption}`];
  return [
    `${real.panel.title}. ${real.panel.caption}`,
    ...real.caveats.map((caveat) => `- ${caveat}`),
    `${twin.title}. ${twin.caption}`,
  ];
}

/** One moment of both. */
export function sampleLine({ elapsedUs, real, twin }: DemoView): string {
  const seen = `twin: working set ${formatBytes(hotBytes(twin))}`;
  if (typeof real === 'string') return `${formatClock(elapsedUs)}  ${seen}`;
  const ours = new Set(real.announced.map(({ start }) => start));
  const touched = real.stats.mappings
    .filter(({ start }) => ours.has(start))
    .reduce((sum, { touchedBytes }) => sum + touchedBytes, 0);
  return `${formatClock(elapsedUs)}  real: touched ${formatBytes(touched)} of its ${ours.size} mappings; ${seen}`;
}

/** What was seen of each mapping, beside what the workload says of itself. */
export function closingLines({ real }: DemoView): string[] {
  if (typeof real === 'string') return [real];
  return [
    '',
    ...comparison(real.announced, real.stats.mappings),
    costText(real.stats.cost, real.sampleIntervalUs),
  ];
}

/** In regions that the newest column shows as accessed. */
function hotBytes({ history }: DemoView['twin']): number {
  const column = history.at(-1)!;
  let bytes = 0;
  for (const [row, heat] of column.heat.entries()) {
    if (heat > 0) bytes += column.end[row]! - column.start[row]!;
  }
  return bytes;
}
