import type { Random } from '../base/random.ts';
import type { Action, AddressRange, Attrs, OperationsId, Probe, Scheme } from '../params/types.ts';
import type { RegionTable } from './region-table.ts';

/** A monitored address space: a process, or physical memory. */
export interface MonitoredTarget {
  /** Its place in the context's list; changes when a target in front of it goes. */
  readonly index: number;
  /** Absent for physical memory. */
  readonly pid?: number;
  readonly regions: RegionTable;
}

/** What an operations set sees of the context that it works for. */
export interface OperationsContext {
  readonly targets: readonly MonitoredTarget[];
  readonly attrs: Attrs;
  readonly probes: readonly Probe[];
  /** Bytes in one unit of a core address. */
  readonly addrUnit: number;
  /** In core units. */
  readonly minRegionSize: number;
  readonly random: Random;
  /** Sampling intervals since the start. */
  readonly tick: number;
  /** A weighted probe is installed: attributes replace access checks. */
  readonly attributesOnly: boolean;
  /**
   * Makes the target cover exactly `ranges`, keeping the counters of what stays (spec 4.1). False,
   * with nothing changed, when ranges are empty, overlap or are out of order.
   */
  setRegions(target: MonitoredTarget, ranges: readonly AddressRange[]): boolean;
}

/** A region that a scheme has chosen; the object is reused, so look and let go. */
export interface ChosenRegion {
  readonly target: MonitoredTarget;
  /** Core units. */
  readonly start: number;
  readonly end: number;
  readonly scheme: Scheme;
  readonly schemeIndex: number;
  /** An `allow` filter of the core matched: operations filters are bypassed (spec 5.6). */
  readonly allowedByCore: boolean;
  /** What happens to pages that no operations filter matches. */
  readonly rejectUnmatched: boolean;
}

/** What applying a scheme to a region did, in core units; the operations set fills it in. */
export interface Outcome {
  /** On which the action succeeded. */
  applied: number;
  /** Which passed the operations filters. */
  filterPassed: number;
}

/** What an operations set can do on this host. */
export interface Capability {
  /** An action, a filter, or another feature by name. */
  readonly name: string;
  readonly available: boolean;
  /** A sentence: why not, or what to know. */
  readonly note: string;
}

/** Which score ranks regions for an action when the quota is short; `none`: all alike. */
export type Priority = 'hot' | 'cold' | 'none';

/**
 * What the core needs of an address space: the kernel's operations table (spec section 3). The core
 * knows nothing else of the world. A method that is absent is not needed.
 *
 * `prepare`, `check` and `probe` handle all regions of one target in one call; they run in every
 * sampling interval and must not allocate.
 */
export interface Operations {
  readonly id: OperationsId;
  capabilities(): readonly Capability[];
  /** Once, before monitoring starts: sets initial regions of targets that have none. */
  init?(context: OperationsContext): void;
  /** Each operations update interval: follows changes of the address spaces. */
  update?(context: OperationsContext): void;
  /** Draws a sampling address for each region and clears its accessed state. */
  prepare?(context: OperationsContext, target: MonitoredTarget): void;
  /** Adds 1 to `nrAccesses` of each region that was accessed; returns the largest `nrAccesses`. */
  check?(context: OperationsContext, target: MonitoredTarget): number;
  /** Counts attribute hits; draws the sampling addresses itself when `attributesOnly`. */
  probe?(context: OperationsContext, target: MonitoredTarget): void;
  /** Absent: quotas don't rank regions. */
  priority?(action: Action): Priority;
  apply?(context: OperationsContext, region: ChosenRegion, outcome: Outcome): void;
  /** Called for each scheme when its pass over all regions has ended. */
  passEnded?(schemeIndex: number): void;
  /** Absent: targets are valid for ever, and monitoring ends on request only. */
  targetValid?(target: MonitoredTarget): boolean;
  /** A target is going away: release what is held for it. */
  cleanup?(target: MonitoredTarget): void;
  /**
   * Resident bytes in a range of core units, on node `nid` or, when -1, on all (goal
   * `node_eligible_mem_bp`).
   */
  residentBytes?(
    context: OperationsContext,
    target: MonitoredTarget,
    start: number,
    end: number,
    nid: number,
  ): number;
}

/** Draws the sampling address of each region, in order: the prepare step's only random draws. */
export function drawSamplingAddresses(regions: RegionTable, random: Random): void {
  const { nr, start, end, samplingAddress } = regions;
  if (random.betweenEach) {
    random.betweenEach(start, end, samplingAddress, nr);
    return;
  }
  for (let row = 0; row < nr; row++) {
    samplingAddress[row] = random.between(start[row]!, end[row]!);
  }
}
