/** What a run of acma shows of each step. */
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import type { AcmaReport } from '../../control/acma/acma-loop.ts';
import type { HeldCounts } from '../../control/acma/held-blocks.ts';

const BAR_WIDTH = 24;

/** How something stands between its minimum and its maximum. */
export interface Standing {
  readonly timeUs: number;
  readonly sizeBytes: number;
  readonly maxBytes: number;
  readonly minBytes: number;
  readonly usedBytes: number;
  readonly pressureShare: number;
  readonly why: string;
}

/** One line: the bar, figures, the reason. */
export function standingLine(standing: Standing, shadow = false): string {
  const { timeUs, sizeBytes, minBytes, maxBytes, usedBytes, pressureShare, why } = standing;
  return (
    `${formatDuration(timeUs).padStart(8)}  ${sizeBar(standing)}  ` +
    `${shadow ? 'would be ' : ''}${formatBytes(sizeBytes)} of ${formatBytes(minBytes)} to ${formatBytes(maxBytes)}, ` +
    `in use ${formatBytes(usedBytes)}, pressure ${formatShare(pressureShare)}; ${why}`
  );
}

/** The size as a bar of the maximum, what is used of it darker. */
export function sizeBar({
  sizeBytes,
  usedBytes,
  maxBytes,
}: Pick<Standing, 'sizeBytes' | 'usedBytes' | 'maxBytes'>): string {
  const cells = (bytes: number) => Math.min(BAR_WIDTH, Math.round((bytes / maxBytes) * BAR_WIDTH));
  const used = cells(Math.min(usedBytes, sizeBytes));
  const size = Math.max(used, cells(sizeBytes));
  return `[${'#'.repeat(used)}${'-'.repeat(size - used)}${' '.repeat(BAR_WIDTH - size)}]`;
}

/** What a run came to so far. */
export function billLine({
  gibHours,
  fixedGibHours,
  reclaimedBytes,
  nrFailed,
  agentBytes,
  held,
}: AcmaReport): string {
  const saved = fixedGibHours > 0 ? 1 - gibHours / fixedGibHours : 0;
  return (
    `${gibHours.toFixed(4)} GiB hours, ${formatShare(Math.max(0, saved))} less than the maximum all the time; ` +
    `${formatBytes(reclaimedBytes)} reclaimed, ${Math.round(nrFailed)} blocks could not be taken` +
    (agentBytes > 0 ? `; its agent takes ${formatBytes(agentBytes)} of that memory` : '') +
    (held === null ? '' : `; ${heldText(held)}`)
  );
}

function heldText(held: HeldCounts): string {
  const { nrHeld, structBytesGivenUp, nrRefused, nrCameBack, longestPauseMs, trouble } = held;
  return (
    `it holds ${nrHeld} blocks, ${formatBytes(structBytesGivenUp)} of page structures saved, ${nrRefused} were not what they should be, ${nrCameBack} came back, ` +
    `the longest pause was ${formatDuration(longestPauseMs * 1000)}` +
    (trouble === null ? '' : `; no more are taken, since ${trouble}`)
  );
}
