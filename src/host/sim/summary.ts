/** The outcome of a run, in plain figures. */
import type { SimulatedMachine } from './machine.ts';
import { freePages } from './memory.ts';
import { PAGE_SIZE } from './page.ts';
import type { SimProcess } from './process.ts';

/** How one node is used. */
export interface NodeSummary {
  readonly nid: number;
  readonly tier: number;
  readonly totalBytes: number;
  readonly usedBytes: number;
  /** Share of all accesses to memory that this node has served, 0…1. */
  readonly accessShare: number;
}

/** How one process has fared. */
export interface ProcessSummary {
  readonly pid: number;
  readonly name: string;
  readonly alive: boolean;
  readonly mappedBytes: number;
  readonly residentBytes: number;
  readonly meanResidentBytes: number;
  /** Reclaimed and not needed since. */
  readonly awayBytes: number;
  /** Work done over what could have been done with all memory on the fastest node, 0…1. */
  readonly throughput: number;
  /** Time spent waiting for reclaimed pages, or for room. */
  readonly stallUs: number;
  /** What 99 of 100 requests stay below. */
  readonly p99Us: number;
  readonly refaults: number;
}

/** How the machine has fared since its start. */
export interface MachineSummary {
  readonly timeUs: number;
  readonly nodes: readonly NodeSummary[];
  readonly swap: {
    readonly totalBytes: number;
    readonly usedBytes: number;
    /** Memory that zram needs for it. */
    readonly poolBytes: number;
    /** Written to a swap disk so far. */
    readonly writtenBytes: number;
  };
  /** Pages of files that were changed and had to be written before they could go. */
  readonly fileWrittenBytes: number;
  readonly pressure: { readonly someUs: number; readonly fullUs: number };
  readonly processes: readonly ProcessSummary[];
  /** Moved to faster, and to slower nodes. */
  readonly promotedBytes: number;
  readonly demotedBytes: number;
  /** The part of these moves that undid one of the last minute. */
  readonly pingPongBytes: number;
  /** The most that schemes have moved within one second. */
  readonly busiestSecondBytes: number;
  /** Taken by schemes, and by the kernel's own reclaim. */
  readonly pagedOutBytes: number;
  readonly reclaimedBytes: number;
  /** Came back because they were needed, and because a scheme brought them. */
  readonly refaultedBytes: number;
  readonly broughtBackBytes: number;
  /** Needed, but there was no room and nothing to reclaim. */
  readonly deniedBytes: number;
}

/** Sums up a machine as it is now. */
export function summarize(machine: SimulatedMachine): MachineSummary {
  const { counters, memory, nowUs } = machine;
  const accesses = memory.nodes.reduce((sum, node) => sum + node.accesses, 0);
  return {
    timeUs: nowUs,
    nodes: memory.nodes.map((node) => ({
      nid: node.nid,
      tier: node.tier,
      totalBytes: node.frames.size * PAGE_SIZE,
      usedBytes: (node.frames.size - freePages(node)) * PAGE_SIZE,
      accessShare: accesses === 0 ? 0 : node.accesses / accesses,
    })),
    swap: {
      totalBytes: memory.swapPages * PAGE_SIZE,
      usedBytes: memory.swapUsedPages * PAGE_SIZE,
      poolBytes: Math.ceil(memory.poolPages) * PAGE_SIZE,
      writtenBytes: memory.swapWrittenPages * PAGE_SIZE,
    },
    fileWrittenBytes: Math.round(memory.fileWrittenPages * PAGE_SIZE),
    pressure: {
      someUs: Math.floor(counters.someStallUs),
      fullUs: Math.floor(counters.fullStallUs),
    },
    processes: machine.processes.map(summarizeProcess),
    promotedBytes: memory.migrations.promotedPages * PAGE_SIZE,
    demotedBytes: memory.migrations.demotedPages * PAGE_SIZE,
    pingPongBytes: memory.migrations.pingPongPages * PAGE_SIZE,
    busiestSecondBytes: memory.migrations.busiestSecondPages * PAGE_SIZE,
    pagedOutBytes: counters.pagedOutPages * PAGE_SIZE,
    reclaimedBytes: counters.reclaimedPages * PAGE_SIZE,
    refaultedBytes: counters.refaultedPages * PAGE_SIZE,
    broughtBackBytes: counters.broughtBackPages * PAGE_SIZE,
    deniedBytes: counters.deniedPages * PAGE_SIZE,
  };
}

function summarizeProcess(process: SimProcess): ProcessSummary {
  const { pid, spec, alive, stallUs, refaults, ranSeconds } = process;
  return {
    pid,
    name: spec.name,
    alive,
    mappedBytes: process.mappedPages * PAGE_SIZE,
    residentBytes: process.residentBytes,
    meanResidentBytes: ranSeconds === 0 ? 0 : Math.round(process.residentByteSeconds / ranSeconds),
    awayBytes: process.awayBytes,
    throughput: ranSeconds === 0 ? 1 : process.workSeconds / ranSeconds,
    stallUs,
    p99Us: process.latency.quantileUs(0.99),
    refaults,
  };
}
