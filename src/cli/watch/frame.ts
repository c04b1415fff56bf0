import { alignDown } from '../../base/arithmetic.ts';
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import type { MonitorCost } from '../../monitor/monitor.ts';
import { totalsOf } from '../../monitor/totals.ts';
import { PAGE_SIZE_BYTES } from '../../params/defaults.ts';
import type { SchemeState } from '../../params/snapshot.ts';
import type { Scheme } from '../../params/types.ts';
import { heatScale } from '../terminal/heat-map.ts';
import { heatPanelLines } from '../terminal/heat-panel.ts';
import { type ColourDepth, dim, type Line, lineWidth, plain } from '../terminal/line.ts';
import { wrapText } from '../terminal/wrap.ts';
import { detailTable } from './detail-table.ts';
import { ownAddress, shownRanges, type WatchView } from './view.ts';

const SMALLEST_PICTURE = 5;
/** Of a dry run, the latest. */
const SHOWN_CALLS = 3;

/** The whole screen of `watch`, as at most `height` lines. */
export function watchFrame(
  view: WatchView,
  width: number,
  height: number,
  depth: ColourDepth,
): Line[] {
  const head = [...headLines(view, width), plain('')];
  const foot = caveatLines([...view.stats.warnings, ...view.description.caveats], width);
  const scale = heatScale(depth, 16, 'never touched', 'always');
  const room = Math.max(height - head.length - foot.length - 3, SMALLEST_PICTURE);
  const table = detailTable(view, width);
  const tableHeight = Math.min(table.length, Math.floor(room * 0.45));
  const picture = heatPanelLines({
    ranges: shownRanges(view.snapshot, view.stats.mappings),
    history: view.history,
    width,
    height: Math.max(room - tableHeight, SMALLEST_PICTURE),
    depth,
    formatAddress: (address) => `0x${alignDown(ownAddress(address), PAGE_SIZE_BYTES).toString(16)}`,
  });
  return [
    ...head,
    ...picture,
    scale,
    plain(''),
    ...table.slice(0, tableHeight),
    plain(''),
    ...foot,
  ];
}

/** Title, sums, cost, and a line for each scheme. */
export function headLines(view: WatchView, width: number): Line[] {
  const title: Line = [{ text: 'thermocline', bold: true }, { text: `  ${view.subject}` }];
  const right = `${formatClock(view.elapsedUs)}   q quits`;
  const gap = Math.max(width - lineWidth(title) - right.length, 2);
  return [
    [...title, { text: ' '.repeat(gap) + right, dim: true }],
    ...wrapText(totalsText(view), width, '  ').map(plain),
    ...wrapText(watchCostText(view), width, '  ').map(dim),
    ...view.schemes.map((scheme, index) =>
      plain(schemeText(scheme, index, view.stats.schemes[index], view.mode)),
    ),
    ...(view.stats.dryRunCalls ?? []).slice(-SHOWN_CALLS).map((call) => dim(`  would: ${call}`)),
  ];
}

/** `touched 41.9 MiB of 612 MiB resident (6.8 %), 0 B swapped; 8 mappings, 34 regions`. */
export function totalsText(view: WatchView): string {
  const { snapshot, stats } = view;
  const totals = totalsOf(snapshot, stats.mappings);
  const regions = `${snapshot.nrRegions} regions`;
  if (totals.residentBytes === null) {
    const share = formatShare(totals.workingSetBytes / Math.max(totals.watchedBytes, 1));
    return (
      `working set ${formatBytes(totals.workingSetBytes)} of ` +
      `${formatBytes(totals.watchedBytes)} watched (${share}); ${regions}`
    );
  }
  const share = formatShare(totals.workingSetBytes / Math.max(totals.residentBytes, 1));
  return (
    `touched ${formatBytes(totals.workingSetBytes)} of ` +
    `${formatBytes(totals.residentBytes)} resident (${share}), ` +
    `${formatBytes(totals.swappedBytes ?? 0)} swapped; ${stats.mappings.length} mappings, ${regions}`
  );
}

/**
 * What watching costs, and whether it had to slow down for that.
 * @param processCpuShare of this whole program, where that is to be told, too
 */
export function costText(
  cost: MonitorCost,
  sampleIntervalUs: number,
  processCpuShare?: number,
): string {
  const clearing =
    cost.lastClearUs === null ? '' : `, cleared in ${formatDuration(cost.lastClearUs)}`;
  const stretch =
    cost.stretch > 1 ? `, stretched ${cost.stretch.toFixed(1)} times to stay below` : '';
  const whole = processCpuShare === undefined ? '' : `, ${formatShare(processCpuShare)} in all`;
  const late = cost.lateTicks > 0 ? `, ${cost.lateTicks} late` : '';
  return (
    `cost ${formatShare(cost.cpuShare)} of a CPU (ceiling ${formatShare(cost.ceiling)})${whole}; ` +
    `sampled every ${formatDuration(sampleIntervalUs)}${stretch}${late}${clearing}`
  );
}

/** `costText` of a watch. */
export function watchCostText({ stats, snapshot, processCpuShare }: WatchView): string {
  return costText(stats.cost, snapshot.sampleIntervalUs, processCpuShare);
}

/** `scheme 0 pageout (counting only): tried 12 MiB, applied 4 MiB, quota 10 MiB`. */
export function schemeText(
  scheme: Scheme,
  index: number,
  state: SchemeState | undefined,
  mode: string,
): string {
  const name = `scheme ${index} ${scheme.action} (${mode})`;
  if (state === undefined) return `${name}: not started`;
  const { stats, effectiveQuotaBytes, active } = state;
  const quota =
    effectiveQuotaBytes === null ? '' : `, quota ${formatBytes(Number(effectiveQuotaBytes))}`;
  const exceeds = stats.nrQuotaExceeds > 0n ? `, ${stats.nrQuotaExceeds} times at the quota` : '';
  return (
    `${name}: tried ${formatBytes(Number(stats.triedBytes))}, ` +
    `applied ${formatBytes(Number(stats.appliedBytes))}${quota}${exceeds}` +
    `${active ? '' : ', waiting for its watermarks'}`
  );
}

/** `1:05`, `2:03:09`. */
export function formatClock(durationUs: number): string {
  const seconds = Math.floor(durationUs / 1e6);
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** What is not known and what watching perturbs: shown at all times. */
export function caveatLines(caveats: readonly string[], width: number): Line[] {
  return caveats.flatMap((caveat) => wrapText(`- ${caveat}`, width, '  ').map(dim));
}
