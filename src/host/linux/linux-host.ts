import { machine } from 'node:os';
import { join } from 'node:path';
import type { CgroupFacts, HostFacts, HostReader, ProcessFacts, Roots } from '../host.ts';
import { readCgroupOfProcess, readCgroups, whyCgroupsUnusable } from './cgroup-tree.ts';
import { parseNumberList } from './fields.ts';
import { memoryMapProblem } from './memory-map-access.ts';
import { readMemoryRanges, readZones } from './memory-ranges.ts';
import { readMemoryTotals } from './memory-totals.ts';
import { readNumaNodes } from './numa-nodes.ts';
import { readPageSize } from './page-size.ts';
import { readPressure } from './pressure.ts';
import { listPids, readProcessMemory, readProcessStat } from './process-stat.ts';
import { readTextFile } from './read-file.ts';
import { readSwapDevices, usesZswap } from './swap-devices.ts';

/** The machine that this process runs on, or another whose trees lie below `roots`. */
export class LinuxHost implements HostReader {
  readonly roots: Roots;

  constructor(roots: Roots) {
    this.roots = roots;
  }

  facts(): HostFacts {
    const { proc, sys } = this.roots;
    const cpus = readTextFile(join(sys, 'devices/system/cpu/online'));
    return {
      kernelRelease: readTextFile(join(proc, 'sys/kernel/osrelease')).trim(),
      architecture: machine(),
      pageSizeBytes: readPageSize(this.roots),
      nrCpus: parseNumberList(cpus).length,
      memory: readMemoryTotals(this.roots),
      nodes: readNumaNodes(this.roots),
      pressure: readPressure(join(proc, 'pressure/memory')),
      swapDevices: readSwapDevices(this.roots),
      zswap: usesZswap(this.roots),
      memoryRanges: readMemoryRanges(this.roots),
      zones: readZones(this.roots),
    };
  }

  /** By pid; those that end while they are read are left out. */
  processes(): ProcessFacts[] {
    const hasCgroups = whyCgroupsUnusable(this.roots) === null;
    const found: ProcessFacts[] = [];
    for (const pid of listPids(this.roots)) {
      const stat = readProcessStat(this.roots, pid);
      if (stat === null) continue;
      found.push({
        pid,
        parentPid: stat.parentPid,
        name: stat.name,
        ...readProcessMemory(this.roots, pid),
        majorFaults: stat.majorFaults,
        cgroup: hasCgroups ? readCgroupOfProcess(this.roots, pid) : null,
        unreadable: memoryMapProblem(this.roots, stat)?.message ?? null,
      });
    }
    return found;
  }

  /** Parents before children. Without cgroup v2, the root alone, which says why. */
  cgroups(): CgroupFacts[] {
    return readCgroups(this.roots);
  }
}
