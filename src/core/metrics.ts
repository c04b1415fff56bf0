/** Memory of one NUMA node, in any unit that both share. */
export interface NodeMemory {
  readonly total: number;
  readonly free: number;
}

/**
 * What the core needs to know of the system for quota goals and watermarks (spec 5.5, 5.8). Each is
 * read only in passes that need it. The host's shell, the simulated machine and tests implement it.
 */
export interface Metrics {
  /** System-wide "some" memory pressure stall total, in microseconds. */
  someMemoryPressureUs(): number;
  /** Free memory of the machine in 1/1,000 of its total. */
  freeMemoryPermil(): number;
  /** Null for a node that does not exist. */
  nodeMemory(nid: number): NodeMemory | null;
  /**
   * Pages that a cgroup has on the node's LRU lists, in the unit of `nodeMemory`; null for a cgroup
   * that does not exist.
   */
  cgroupMemoryOnNode(memcgPath: string, nid: number): number | null;
  /** Sizes of the active and of the inactive LRU lists, in any unit that both share. */
  activeMemory(): number;
  inactiveMemory(): number;
}

/** Metrics of a system that tells nothing: no pressure, everything free, no nodes. */
export const noMetrics: Metrics = {
  someMemoryPressureUs: () => 0,
  freeMemoryPermil: () => 1000,
  nodeMemory: () => null,
  cgroupMemoryOnNode: () => null,
  activeMemory: () => 0,
  inactiveMemory: () => 0,
};
