/** What the core needs to know of the machine for quota goals and watermarks (its `Metrics`). */
import { isWithin } from './cgroups.ts';
import type { SimulatedMachine } from './machine.ts';
import { freePages } from './memory.ts';

/** Figures of a machine as of its clock's present. */
export class SimMetrics {
  readonly #machine: SimulatedMachine;

  constructor(machine: SimulatedMachine) {
    this.#machine = machine;
  }

  someMemoryPressureUs(): number {
    this.#machine.catchUp();
    return Math.floor(this.#machine.counters.someStallUs);
  }

  freeMemoryPermil(): number {
    this.#machine.catchUp();
    const { nodes } = this.#machine.memory;
    const free = nodes.reduce((sum, node) => sum + freePages(node), 0);
    const total = nodes.reduce((sum, { frames }) => sum + frames.size, 0);
    return Math.floor((free * 1000) / total);
  }

  /** In pages, like the three below. */
  nodeMemory(nid: number): { readonly total: number; readonly free: number } | null {
    this.#machine.catchUp();
    const node = this.#machine.memory.nodes[nid];
    return node ? { total: node.frames.size, free: freePages(node) } : null;
  }

  /** A cgroup has the memory of its descendants, too. */
  cgroupMemoryOnNode(memcgPath: string, nid: number): number | null {
    this.#machine.catchUp();
    const members = this.#machine.processes.filter(({ spec }) => isWithin(spec.cgroup, memcgPath));
    if (members.length === 0) return null;
    return members
      .flatMap(({ vmas }) => vmas.flatMap(({ extents }) => extents.list))
      .filter(({ location }) => location === nid)
      .reduce((sum, { start, end }) => sum + end - start, 0);
  }

  activeMemory(): number {
    this.#machine.catchUp();
    return this.#listed(true);
  }

  inactiveMemory(): number {
    this.#machine.catchUp();
    return this.#listed(false);
  }

  #listed(active: boolean): number {
    return this.#machine.processes
      .flatMap(({ vmas }) => vmas.flatMap(({ extents }) => extents.list))
      .filter((extent) => extent.location >= 0 && extent.active === active)
      .reduce((sum, { start, end }) => sum + end - start, 0);
  }
}
