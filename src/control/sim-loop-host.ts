/** A simulated machine as the loop sees it. */
import type { HostFacts } from '../host/host.ts';
import { PAGE_SIZE, type SimulatedMachine } from '../host/sim/index.ts';
import type { Subject } from '../policies/policy.ts';
import { swapIsCompressed, swapIsOnDisk } from '../policies/swap-cost.ts';
import type { LoopHost, LoopTotals } from './loop-host.ts';

/** Nobody else steers a simulated machine. */
export class SimLoopHost implements LoopHost {
  readonly #machine: SimulatedMachine;
  readonly #facts: HostFacts;
  readonly #pids: readonly number[] | null;

  constructor(machine: SimulatedMachine, subject: Subject = { kind: 'machine' }) {
    this.#machine = machine;
    this.#facts = simFacts(machine);
    this.#pids = subject.kind === 'processes' ? subject.pids : null;
  }

  facts(): HostFacts {
    return this.#facts;
  }

  totals(): LoopTotals {
    this.#machine.catchUp();
    const summary = this.#machine.summary();
    const own = summary.processes.filter(({ pid }) => this.#pids?.includes(pid) ?? true);
    const sum = (of: (process: (typeof own)[number]) => number) =>
      own.reduce((total, process) => total + of(process), 0);
    return {
      timeUs: summary.timeUs,
      memoryPressure: summary.pressure,
      ioPressure: null,
      residentBytes: sum(({ residentBytes }) => residentBytes),
      swappedBytes: sum(({ awayBytes }) => awayBytes),
      refaultedBytes: sum(({ refaults }) => refaults) * PAGE_SIZE,
      poolBytes: summary.swap.poolBytes,
      swapIsCompressed: swapIsCompressed(this.#facts),
      swapIsOnDisk: swapIsOnDisk(this.#facts),
      swapTotalBytes: summary.swap.totalBytes,
      swapUsedBytes: summary.swap.usedBytes,
      diskWriteBytes: summary.swap.writtenBytes + summary.fileWrittenBytes,
      stalledAllocations: 0,
    };
  }

  rivals(): readonly string[] {
    return [];
  }
}

/** What policies may know of a simulated machine. */
export function simFacts(machine: SimulatedMachine): HostFacts {
  const { nodes, swap, pressure } = machine.summary();
  const sum = (of: (node: (typeof nodes)[number]) => number) =>
    nodes.reduce((total, node) => total + of(node), 0);
  const totalBytes = sum((node) => node.totalBytes);
  const freeBytes = totalBytes - sum((node) => node.usedBytes);
  const { totalBytes: swapTotalBytes, usedBytes } = swap;
  return {
    kernelRelease: 'simulated',
    architecture: 'simulated',
    pageSizeBytes: PAGE_SIZE,
    nrCpus: 1,
    memory: {
      ...{ totalBytes, freeBytes, availableBytes: freeBytes, swapTotalBytes },
      swapFreeBytes: swapTotalBytes - usedBytes,
    },
    nodes: nodes.map((node) => ({
      ...{ nid: node.nid, totalBytes: node.totalBytes, hasCpu: true, distances: [] },
      freeBytes: node.totalBytes - node.usedBytes,
    })),
    pressure,
    swapDevices:
      swapTotalBytes === 0
        ? []
        : [
            {
              path: 'swap',
              kind: machine.scenario.swap.kind,
              totalBytes: swapTotalBytes,
              usedBytes,
            },
          ],
    zswap: false,
    memoryRanges: machine.physicalRanges,
    zones: machine.zones,
  };
}
