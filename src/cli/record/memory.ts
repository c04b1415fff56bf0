/** What can be recorded of memory besides accesses: how much there is, and what lies where. */
import { join } from 'node:path';
import type { Roots } from '../../host/host.ts';
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

/** One mapping of a process. */
export interface MemoryMapping {
  readonly start: number;
  readonly end: number;
  readonly name: string;
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
    mappings: (pid) => parseMaps(readTextIfAny(join(roots.proc, String(pid), 'maps')) ?? ''),
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

/** Lines like `7f00-7f10 r--p 0 fe:00 260850   /usr/bin/sed`. */
function parseMaps(text: string): MemoryMapping[] {
  const found: MemoryMapping[] = [];
  for (const match of text.matchAll(/^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+ *(.*)$/gm)) {
    const start = Number.parseInt(match[1]!, 16);
    const end = Number.parseInt(match[2]!, 16);
    // Beyond 2^53 there is only the vsyscall page, which is no memory of the process.
    if (end <= Number.MAX_SAFE_INTEGER) found.push({ start, end, name: match[3]! });
  }
  return found;
}
