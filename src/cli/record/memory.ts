/** What can be recorded of memory besides accesses: how much there is, and what lies where. */
import { join } from 'node:path';
import type { Roots } from '../../host/host.ts';
import { type MemoryMapping, readMappings } from '../../host/linux/mappings.ts';
import { readMemoryTotals } from '../../host/linux/memory-totals.ts';
import { readPageSize } from '../../host/linux/page-size.ts';
import { readTextIfAny } from '../../host/linux/read-file.ts';
import type { SimulatedMachine } from '../../host/sim/index.ts';

/** Memory of a process, or (pid null) of the machine. */
export interface MemoryUse {
  readonly pid: number | null;
  readonly virtualBytes: number;
  readonly residentBytes: number;
}

/** Where both are read. */
export interface MemoryReader {
  /** The machine, then those of the processes that are there. */
  use(pids: readonly number[]): MemoryUse[];
  /** By address; empty for a process that is gone. */
  mappings(pid: number): MemoryMapping[];
}

/** Reads `/proc`. */
export function linuxMemory(roots: Roots): MemoryReader {
  const pageBytes = readPageSize(roots);
  return {
    use(pids) {
      const { totalBytes, availableBytes } = readMemoryTotals(roots);
      const found: MemoryUse[] = [
        { pid: null, virtualBytes: totalBytes, residentBytes: totalBytes - availableBytes },
      ];
      for (const pid of pids) {
        const text = readTextIfAny(join(roots.proc, String(pid), 'statm'));
        const [virtual = 0, resident = 0] = (text ?? '').split(' ').map(Number);
        if (virtual === 0) continue;
        found.push({
          pid,
          virtualBytes: virtual * pageBytes,
          residentBytes: resident * pageBytes,
        });
      }
      return found;
    },
    mappings: (pid) => readMappings(roots, pid),
  };
}

/** Asks a simulated machine. */
export function simulatedMemory(machine: SimulatedMachine): MemoryReader {
  return {
    use(pids) {
      const { nodes, processes } = machine.summary();
      const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
      return [
        {
          pid: null,
          virtualBytes: sum(nodes.map(({ totalBytes }) => totalBytes)),
          residentBytes: sum(nodes.map(({ usedBytes }) => usedBytes)),
        },
        ...processes
          .filter(({ pid, alive }) => alive && pids.includes(pid))
          .map(({ pid, mappedBytes, residentBytes }) => ({
            pid,
            virtualBytes: mappedBytes,
            residentBytes,
          })),
      ];
    },
    mappings: (pid) =>
      (machine.process(pid)?.vmas ?? []).map(({ start, end, name }) => ({ start, end, name })),
  };
}
