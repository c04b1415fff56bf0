import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import { askSlotOwner, type OwnerStatus } from '../../control/owner-requests.ts';
import { readStat, type StatFigures } from '../../control/stat-stand-in.ts';
import { stateFolders } from '../../control/state-folders.ts';
import type { Roots } from '../../host/host.ts';
import { runningModules } from '../../kernel/modules.ts';
import { RealSysfsReader } from '../../kernel/real-sysfs.ts';
import { hasDamon, NO_DAMON, type SysfsReader } from '../../kernel/sysfs-files.ts';
import type { Params } from '../../params/types.ts';
import { safeText } from '../terminal/line.ts';
import { formatTable, type TableColumn } from '../terminal/table.ts';
import { type KnownSlot, knownSlots } from './started-slots.ts';

type Row = KnownSlot & { readonly status: OwnerStatus | null; readonly problem: string | null };

/** Prints what the kernel's DAMON does. */
export async function runStatus(roots: Roots, json: boolean): Promise<void> {
  const rows = await Promise.all(knownSlots(roots).map(withStatus));
  const files = new RealSysfsReader(roots.sys);
  const modules = runningModules(files);
  const damonStat =
    stateFolders()
      .map(readStat)
      .find((figures) => figures !== null) ?? null;
  if (json) {
    process.stdout.write(`${JSON.stringify({ slots: rows, modules, damonStat })}\n`);
    return;
  }
  const lines = [
    ...(rows.length === 0 ? [nothingThere(files)] : formatTable(rows, COLUMNS)),
    ...rows.flatMap(detailLines),
    ...modules.map((name) => `The module ${name} runs by itself.`),
    ...(damonStat === null ? [] : [statText(damonStat)]),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function nothingThere(files: SysfsReader): string {
  if (!hasDamon(files)) return NO_DAMON;
  return "The kernel's DAMON has no slots: nothing runs there by its files.";
}

function statText({
  owner,
  estimatedMemoryBandwidthBytesPerSecond: bandwidth,
  memoryIdleMsPercentiles: idle,
}: StatFigures): string {
  const time = (ms: number) =>
    `${ms < 0 ? 'in use for' : 'idle for'} ${formatDuration(Math.abs(ms) * 1000)}`;
  return (
    `DAMON_STAT is handed over to process ${owner.pid}, which tells in its place: ` +
    `${formatBytes(bandwidth)} a second; half of memory is ${time(idle[50] ?? 0)} or longer.`
  );
}

async function withStatus(slot: KnownSlot): Promise<Row> {
  if (slot.whose !== 'ours') return { ...slot, status: null, problem: null };
  try {
    const status = await askSlotOwner<OwnerStatus>(slot.stateDir, slot.slot, { ask: 'status' });
    return { ...slot, status, problem: null };
  } catch (error) {
    return { ...slot, status: null, problem: error instanceof Error ? error.message : `${error}` };
  }
}

const WHOSE = { ours: '', free: 'free', left: 'left behind', others: "somebody else's" } as const;

const COLUMNS: readonly TableColumn<Row>[] = [
  { heading: 'SLOT', text: ({ slot }) => String(slot), align: 'right' },
  { heading: 'STATE', text: ({ isOn }) => (isOn === null ? 'busy' : isOn ? 'on' : 'off') },
  { heading: 'KDAMOND', text: ({ kdamondPid }) => String(kdamondPid ?? '-'), align: 'right' },
  {
    heading: 'OWNER',
    text: ({ whose, owner }) => (whose === 'ours' ? `process ${owner!.pid}` : WHOSE[whose]),
  },
  { heading: 'WATCHES', text: ({ params }) => watchedText(params) },
  { heading: 'SCHEMES', text: ({ status, params }) => schemesText(status?.params ?? params) },
  { heading: 'FOR', text: ({ purpose }) => safeText(purpose) },
];

function watchedText(params: Params | null): string {
  if (params === null) return '-';
  const pids = params.targets.flatMap(({ pid }) => pid ?? []);
  return pids.length === 0 ? params.operations : `${params.operations} ${pids.join(' ')}`;
}

function schemesText(params: Params | null): string {
  return params?.schemes.map(({ action }) => action).join(' ') || '-';
}

function detailLines({ slot, status, problem }: Row): string[] {
  if (problem !== null) return [`slot ${slot}: ${problem}`];
  if (status === null) return [];
  const { workingSetBytes, watchedBytes, nrRegions, cost } = status;
  return [
    `slot ${slot}: working set ${formatBytes(workingSetBytes)} of ${formatBytes(watchedBytes)} watched, ` +
      `${nrRegions} regions; cost ${formatShare(cost.cpuShare)} of one CPU`,
    ...status.schemes.map(
      ({ triedBytes, appliedBytes, effectiveQuotaBytes }, index) =>
        `  scheme ${index} ${status.params.schemes[index]?.action}: tried ` +
        `${formatBytes(Number(triedBytes))}, applied ${formatBytes(Number(appliedBytes))}` +
        (effectiveQuotaBytes === null ? '' : `, quota ${formatBytes(Number(effectiveQuotaBytes))}`),
    ),
    ...[...status.notes, ...status.warnings].map((text) => `  - ${text}`),
  ];
}
