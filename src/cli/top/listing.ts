/** Who uses how much memory, as data and as a table. */
import { ThermoclineError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import type { CgroupFacts, HostReader, ProcessFacts } from '../../host/host.ts';
import { safeText } from '../terminal/line.ts';
import { formatTable, type TableColumn } from '../terminal/table.ts';

/** What a listing can be sorted by. */
export const SORT_KEYS = ['rss', 'swap', 'refaults', 'name'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/** Why some could not be read, and how many. */
interface Unreadable {
  readonly reason: string;
  readonly count: number;
}

/** One look at the machine; `--json` prints just this. */
export interface Listing {
  readonly processes?: readonly ProcessFacts[];
  readonly cgroups?: readonly CgroupFacts[];
  readonly unreadable: readonly Unreadable[];
}

/**
 * Looks at every process that has memory of its own, or at every cgroup.
 * @throws ThermoclineError TC_UNSUPPORTED where no cgroup can be read
 */
export function takeListing(
  host: HostReader,
  lists: 'processes' | 'cgroups',
  sort: SortKey,
): Listing {
  if (lists === 'cgroups') {
    const all = host.cgroups();
    const cgroups = all.filter((cgroup) => cgroup.unreadable === null).sort(CGROUP_ORDER[sort]);
    if (cgroups.length === 0) {
      throw new ThermoclineError('TC_UNSUPPORTED', all[0]?.unreadable ?? 'There are no cgroups.');
    }
    return { cgroups, unreadable: countReasons(all) };
  }
  // Threads of the kernel, and processes that have ended, have none.
  const processes = host
    .processes()
    .filter((process) => process.residentBytes + process.swappedBytes > 0)
    .sort(PROCESS_ORDER[sort]);
  return { processes, unreadable: countReasons(processes) };
}

/** The listing for people, at most `maxLines` of them. */
export function formatListing(listing: Listing, maxLines: number): string[] {
  const notes = formatReasons(listing);
  const room = Math.max(1, maxLines - notes.length - 1);
  const { processes, cgroups } = listing;
  const table = processes
    ? formatTable(processes.slice(0, room), PROCESS_COLUMNS)
    : formatTable((cgroups ?? []).slice(0, room), CGROUP_COLUMNS);
  return [...table, ...notes];
}

type Order<Row> = Readonly<Record<SortKey, (a: Row, b: Row) => number>>;

const PROCESS_ORDER: Order<ProcessFacts> = {
  rss: (a, b) => b.residentBytes - a.residentBytes || a.pid - b.pid,
  swap: (a, b) => b.swappedBytes - a.swappedBytes || a.pid - b.pid,
  refaults: (a, b) => b.majorFaults - a.majorFaults || a.pid - b.pid,
  name: (a, b) => compareText(a.name, b.name) || a.pid - b.pid,
};

const CGROUP_ORDER: Order<CgroupFacts> = {
  rss: (a, b) => b.currentBytes - a.currentBytes || compareText(a.path, b.path),
  swap: (a, b) => b.swappedBytes - a.swappedBytes || compareText(a.path, b.path),
  refaults: (a, b) => b.refaults - a.refaults || compareText(a.path, b.path),
  name: (a, b) => compareText(a.path, b.path),
};

const PROCESS_COLUMNS: readonly TableColumn<ProcessFacts>[] = [
  { heading: 'PID', align: 'right', text: ({ pid }) => String(pid) },
  { heading: 'MEMORY', align: 'right', text: (row) => formatBytes(row.residentBytes) },
  { heading: 'SWAPPED', align: 'right', text: (row) => formatBytes(row.swappedBytes) },
  { heading: 'MAJOR FAULTS', align: 'right', text: (row) => String(row.majorFaults) },
  { heading: 'NAME', text: ({ name }) => safeText(name) },
];

const CGROUP_COLUMNS: readonly TableColumn<CgroupFacts>[] = [
  { heading: 'MEMORY', align: 'right', text: (row) => formatBytes(row.currentBytes) },
  { heading: 'SWAPPED', align: 'right', text: (row) => formatBytes(row.swappedBytes) },
  { heading: 'REFAULTS', align: 'right', text: (row) => String(row.refaults) },
  { heading: 'CGROUP', text: ({ path }) => safeText(path) },
];

/** The sentences differ by the process or file that they name, so what follows that is counted. */
function countReasons(rows: readonly { readonly unreadable: string | null }[]): Unreadable[] {
  const counts = new Map<string, number>();
  for (const { unreadable } of rows) {
    if (unreadable === null) continue;
    const reason = unreadable.replace(/^(Process \d+ \(.*\)|\/\S+ can't be read:) /, '');
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => ({ reason, count }));
}

function formatReasons({ processes, unreadable }: Listing): string[] {
  return unreadable.map(({ reason, count }) => {
    const [one, many, cannot] = processes
      ? ['process', 'processes', "can't be watched"]
      : ['cgroup', 'cgroups', "can't be read"];
    return safeText(`${count} ${count === 1 ? one : many} ${cannot}: ${reason}`);
  });
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
