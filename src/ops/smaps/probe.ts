import { ThermoclineError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import type { Capability } from '../../core/operations.ts';
import type { Roots } from '../../host/host.ts';
import { memoryMapProblem } from '../../host/linux/memory-map-access.ts';
import { readMemoryTotals } from '../../host/linux/memory-totals.ts';
import { readNumaNodes } from '../../host/linux/numa-nodes.ts';
import { whyNoProcessMadvise, whyRightsMissing } from '../../host/linux/privileges.ts';
import {
  type ProcessStat,
  readProcessMemory,
  readProcessStat,
} from '../../host/linux/process-stat.ts';
import type { Syscalls } from '../../host/linux/syscalls.ts';
import { ACTIONS, type Action, isBlockAction } from '../../params/types.ts';
import { adviceFor } from './actor.ts';
import { KNOWN_FILTERS } from './filters.ts';

/**
 * More than this is refused: clearing takes some 12 ms for each GiB of small pages, and the
 * process' page faults wait for it.
 */
const MAX_RESIDENT_BYTES = 4 * 1024 ** 3;

/** What holds of every picture that this set gives. */
export const CAVEATS: readonly string[] = [
  'How much of each mapping was touched is known, but not where in it: all regions of a mapping ' +
    'show the share of it that was touched.',
  'Each sample clears the referenced bits of the whole process. Its page faults wait meanwhile, and ' +
    'the kernel takes its pages for unused until they are touched again.',
  'A huge page counts as touched as a whole; pages of a file also count when another process has ' +
    'read them, and with the neighbours that the kernel maps on first touch.',
];

/**
 * Looks whether a process can be watched. Throws one sentence that says why not.
 * @param force watch a process that is too large for its own good
 */
export function checkProcess(roots: Roots, pid: number, force: boolean): ProcessStat {
  if (!Number.isSafeInteger(pid) || pid <= 0) {
    throw new ThermoclineError('TC_INVALID', `${pid} is not a process id; it must be above 0.`);
  }
  if (pid === process.pid) {
    throw new ThermoclineError(
      'TC_DENIED',
      `Process ${pid} is Thermocline itself: watching itself would only measure the watching.`,
    );
  }
  const stat = readProcessStat(roots, pid);
  if (stat === null) {
    throw new ThermoclineError('TC_NOT_FOUND', `There is no process ${pid}.`);
  }
  const problem = memoryMapProblem(roots, stat);
  if (problem !== null) throw problem;
  const { residentBytes } = readProcessMemory(roots, pid);
  if (residentBytes > MAX_RESIDENT_BYTES && !force) {
    throw new ThermoclineError(
      'TC_DENIED',
      `Process ${pid} (${stat.name}) holds ${formatBytes(residentBytes)}, and each sample would stall ` +
        `its page faults for tens of milliseconds; above ${formatBytes(MAX_RESIDENT_BYTES)} it is ` +
        'watched only with --force.',
    );
  }
  return stat;
}

/**
 * What can be done on this host.
 * @param syscalls null when nothing shall be acted on
 */
export function probeCapabilities(roots: Roots, syscalls: Syscalls | null): Capability[] {
  const actions = ACTIONS.map((action) => {
    const [available, note] = probeAction(roots, syscalls, action);
    return { name: action, available, note };
  });
  return [...actions, ...FILTERS, PROBES];
}

function probeAction(roots: Roots, syscalls: Syscalls | null, action: Action): [boolean, string] {
  const isMigration = action === 'migrate_hot' || action === 'migrate_cold';
  if (action === 'stat') return [true, 'Counts regions and, with filters, their resident bytes.'];
  if (action === 'lru_prio' || action === 'lru_deprio') {
    return [false, 'It works on physical memory only, in the kernel.'];
  }
  if (isBlockAction(action)) return [false, 'It works on physical memory only.'];
  if (adviceFor(action) === null && !isMigration) {
    return [false, 'The kernel takes this advice from the process itself only.'];
  }
  if (syscalls === null) return [false, 'This monitor only watches: schemes act on nothing.'];
  if (isMigration) return probeMigration(roots);
  const problem = whyNoProcessMadvise(roots, syscalls);
  return problem === null ? [true, noteOnAdvice(roots, action)] : [false, problem];
}

function probeMigration(roots: Roots): [boolean, string] {
  if (readNumaNodes(roots).length < 2) return [false, 'This machine has one memory node only.'];
  const problem = whyRightsMissing(roots, ['CAP_SYS_NICE']);
  return problem === null ? [true, 'Moves pages by move_pages.'] : [false, problem];
}

function noteOnAdvice(roots: Roots, action: Action): string {
  if (action === 'willneed' || action === 'collapse') return 'Advises by process_madvise.';
  const rested = 'Takes only mappings of which nothing was touched through the age of the region';
  if (action !== 'pageout' || readMemoryTotals(roots).swapTotalBytes > 0) return `${rested}.`;
  return `${rested}. There is no swap, so only clean pages of files can go; other memory stays.`;
}

const FILTERS: readonly Capability[] = (
  ['anon', 'active', 'young', 'unmapped', 'memcg', 'hugepage_size'] as const
).map((name) => {
  const available = KNOWN_FILTERS.includes(name);
  const note = available
    ? 'Decided for whole mappings; what holds anonymous and file pages passes no anon filter.'
    : 'It needs to look at single pages: nothing passes it here.';
  return { name, available, note };
});

const PROBES: Capability = {
  name: 'probes',
  available: false,
  note: 'They need to look at single pages.',
};
