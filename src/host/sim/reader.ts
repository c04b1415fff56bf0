/** The simulated machine, seen as a host: what policies and views read of a real one. */
import type { CgroupFacts, HostFacts, HostReader, NumaNode, ProcessFacts, Roots } from '../host.ts';
import type { SimulatedMachine } from './machine.ts';
import { PAGE_SIZE } from './page.ts';
import type { SimProcess } from './process.ts';

const LOCAL_DISTANCE = 10;
const TIER_DISTANCE = 10;

/** Reads a simulated machine as `host/linux` reads a real one. */
export class SimulatedHost implements HostReader {
  /** There are no files behind it. */
  readonly roots: Roots = { proc: '', sys: '', cgroup: '' };
  readonly #machine: SimulatedMachine;

  constructor(machine: SimulatedMachine) {
    this.#machine = machine;
  }

  facts(): HostFacts {
    this.#machine.catchUp();
    const { memory, counters } = this.#machine;
    const nodes = memory.nodes.map(({ nid }) => this.#node(nid));
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    const freeBytes = sum(nodes.map((node) => node.freeBytes));
    return {
      kernelRelease: 'simulated',
      architecture: 'simulated',
      pageSizeBytes: PAGE_SIZE,
      nrCpus: this.#machine.processes.length,
      memory: {
        totalBytes: sum(nodes.map(({ totalBytes }) => totalBytes)),
        freeBytes,
        availableBytes: freeBytes,
        swapTotalBytes: memory.swapPages * PAGE_SIZE,
        swapFreeBytes: (memory.swapPages - memory.swapUsedPages) * PAGE_SIZE,
      },
      nodes,
      pressure: {
        someUs: Math.floor(counters.someStallUs),
        fullUs: Math.floor(counters.fullStallUs),
      },
    };
  }

  processes(): ProcessFacts[] {
    this.#machine.catchUp();
    return this.#machine.processes
      .filter(({ alive }) => alive)
      .map((process) => ({
        pid: process.pid,
        parentPid: 1,
        name: process.spec.name,
        residentBytes: process.residentBytes,
        swappedBytes: process.awayBytes,
        majorFaults: process.refaults,
        cgroup: process.spec.cgroup,
        unreadable: null,
      }));
  }

  cgroups(): CgroupFacts[] {
    this.#machine.catchUp();
    const members = new Map<string, SimProcess[]>();
    for (const process of this.#machine.processes) {
      const { cgroup } = process.spec;
      members.set(cgroup, [...(members.get(cgroup) ?? []), process]);
    }
    return [...members].map(([path, processes]) => ({
      path,
      currentBytes: processes.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
      swappedBytes: processes.reduce((sum, { awayBytes }) => sum + awayBytes, 0),
      refaults: processes.reduce((sum, { refaults }) => sum + refaults, 0),
      pressure: null,
      unreadable: null,
    }));
  }

  #node(nid: number): NumaNode {
    const { nodes } = this.#machine.memory;
    const { frames, tier } = nodes[nid]!;
    return {
      nid,
      totalBytes: frames.size * PAGE_SIZE,
      freeBytes: frames.freeCount * PAGE_SIZE,
      hasCpu: tier === Math.min(...nodes.map((node) => node.tier)),
      distances: nodes.map((other) =>
        other.nid === nid ? LOCAL_DISTANCE : 20 + TIER_DISTANCE * Math.abs(other.tier - tier),
      ),
    };
  }
}
