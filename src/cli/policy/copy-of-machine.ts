/** A simulated machine with the sizes of this one, to try a policy before it runs here. */
import type { Roots } from '../../host/host.ts';
import { LinuxHost } from '../../host/linux/linux-host.ts';
import { parseScenario, type Scenario } from '../../host/sim/index.ts';

/** Processes that are large enough to matter, the largest first. */
const MAX_NR_PROCESSES = 20;
const SMALLEST_BYTES = 16 * 2 ** 20;

/**
 * Sizes are those of this machine. What its processes do with their memory is not known, so each is
 * given a tenth that gets nine of ten accesses: a guess, and the place to put what you know.
 */
export function copyOfMachine(roots: Roots): Scenario {
  const host = new LinuxHost(roots);
  const { nodes, memory } = host.facts();
  const large = host
    .processes()
    .filter(({ residentBytes }) => residentBytes >= SMALLEST_BYTES)
    .sort((one, other) => other.residentBytes - one.residentBytes)
    .slice(0, MAX_NR_PROCESSES);
  const scenario = {
    durationMs: '10 m',
    nodes: nodes.map(({ totalBytes }) => ({ sizeBytes: aligned(totalBytes) })),
    swap: { sizeBytes: aligned(memory.swapTotalBytes) },
    processes: large.map(({ name, pid, residentBytes }) => ({
      ...{ name, pid, vmas: [{ name: 'memory', sizeBytes: aligned(residentBytes) }] },
      accesses: [{ vma: 'memory', pattern: 'hotset', ratePerSecond: 1 }],
    })),
  };
  return parseScenario(JSON.stringify(scenario), 'the copy of this machine');
}

function aligned(bytes: number): number {
  return Math.floor(bytes / 2 ** 21) * 2 ** 21;
}
