/**
 * What the layers above may know of a machine and do to it. `host/linux` reads a real one,
 * `host/sim` is one of our own making.
 */

import type { AddressRange } from '../params/types.ts';

/** Where the kernel's file trees are mounted; tests point them at folders of their own. */
export interface Roots {
  readonly proc: string;
  readonly sys: string;
  readonly cgroup: string;
}

/** Memory and swap of a machine. */
export interface MemoryTotals {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly availableBytes: number;
  readonly swapTotalBytes: number;
  readonly swapFreeBytes: number;
}

/** One NUMA node. */
export interface NumaNode {
  readonly nid: number;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** CPU-less nodes are slower memory: CXL, persistent memory. */
  readonly hasCpu: boolean;
  /** Relative distance to each node, by nid. */
  readonly distances: readonly number[];
}

/** One node of a machine with tiers, and how fast it is. */
export interface TierNode {
  readonly nid: number;
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly hasCpu: boolean;
  /** Relative distance to each node, by nid. */
  readonly distances: readonly number[];
  /** The kernel's tier, lower is faster; null where it makes none. */
  readonly tier: number | null;
  /** As the firmware tells it (HMAT), from the nearest processors; null where it doesn't. */
  readonly latencyNs: number | null;
  readonly bandwidthBytesPerSecond: number | null;
  /** Below this much free memory the kernel reclaims, or demotes, until it is there again. */
  readonly highWatermarkBytes: number;
  /** Its memory by physical address; empty where only root may know. */
  readonly ranges: readonly AddressRange[];
}

/** What a machine's tiers are, and what the kernel does about them by itself. */
export interface TierFacts {
  readonly nodes: readonly TierNode[];
  /** Whether reclaim moves pages to slower nodes first; null on a kernel that can't. */
  readonly demotionEnabled: boolean | null;
  /** What NUMA balancing does: `tiering` promotes by hint faults. */
  readonly numaBalancing: 'off' | 'nodes' | 'tiering';
  readonly swapBytes: number;
}

/** Time lost to a lack of memory since boot (PSI), in microseconds. */
export interface Pressure {
  readonly someUs: number;
  readonly fullUs: number;
}

/** One place for pages of anonymous memory that were taken away. */
export interface SwapDevice {
  readonly path: string;
  /** zram keeps pages in memory, compressed; everything else counts as a disk. */
  readonly kind: 'zram' | 'disk';
  readonly totalBytes: number;
  readonly usedBytes: number;
}

/** A zone of a node by physical address, holes included. */
export interface MemoryZone {
  readonly nid: number;
  /** `DMA32`, `Normal`, `Movable`, … */
  readonly name: string;
  readonly range: AddressRange;
}

/** What a machine is and how it stands. */
export interface HostFacts {
  readonly kernelRelease: string;
  readonly architecture: string;
  readonly pageSizeBytes: number;
  readonly nrCpus: number;
  readonly memory: MemoryTotals;
  readonly nodes: readonly NumaNode[];
  /** Null where the kernel doesn't account pressure. */
  readonly pressure: Pressure | null;
  readonly swapDevices: readonly SwapDevice[];
  /** zswap keeps swapped pages in memory, compressed, before they go to a disk. */
  readonly zswap: boolean;
  /** Memory by physical address; empty where only root may know. */
  readonly memoryRanges: readonly AddressRange[];
  readonly zones: readonly MemoryZone[];
}

/** One process, as seen without touching it. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parentPid: number;
  readonly name: string;
  readonly residentBytes: number;
  readonly swappedBytes: number;
  readonly majorFaults: number;
  /** Path in the cgroup v2 tree, or null. */
  readonly cgroup: string | null;
  /** Null, or the sentence that says why its memory map can't be read. */
  readonly unreadable: string | null;
}

/** One cgroup, as seen without touching it. */
export interface CgroupFacts {
  /** Path below the cgroup root, `/` for the root. */
  readonly path: string;
  readonly currentBytes: number;
  readonly swappedBytes: number;
  /** Pages that came back after they had been taken, since the cgroup's creation. */
  readonly refaults: number;
  readonly pressure: Pressure | null;
  /** Null, or the sentence that says why its figures can't be read. */
  readonly unreadable: string | null;
}

/** Reads a machine. Nothing here changes anything. */
export interface HostReader {
  readonly roots: Roots;
  facts(): HostFacts;
  processes(): ProcessFacts[];
  cgroups(): CgroupFacts[];
}

/** One write or call that a lever would do. */
export interface LeverStep {
  /** As a person would type or read it: `echo 64M > /sys/fs/cgroup/a/memory.reclaim`. */
  readonly text: string;
  /** What puts things back as they were, or null when nothing is left behind. */
  readonly undo: LeverUndo | null;
}

/** Data that a process which knows nothing else can replay. */
export type LeverUndo =
  | FileUndo
  | KernelSlotUndo
  | TraceInstanceUndo
  | BalloonUndo
  | MemoryDeviceUndo
  | PauseUndo;

/** A file, and what it held. */
export interface FileUndo {
  readonly file: string;
  readonly content: string;
}

/**
 * A slot of the kernel's DAMON that is to be stopped and given back; what it holds, and whose it
 * is, stands in its record in the state folder.
 */
export interface KernelSlotUndo {
  readonly kernelSlot: number;
}

/** An instance of tracefs that is to be removed; its name tells that it is ours. */
export interface TraceInstanceUndo {
  readonly traceInstance: string;
}

/** The memory device (virtio-mem) of a QEMU guest, and how it was. */
export interface MemoryDeviceUndo {
  /** Where QEMU's control channel listens. */
  readonly qmpSocket: string;
  /** As QEMU calls it: `/machine/peripheral/memory0`. */
  readonly device: string;
  /** What the guest was to have of it. */
  readonly requestedBytes: number;
}

/** The balloon of a QEMU guest, and how it was. */
export interface BalloonUndo {
  /** Where QEMU's control channel listens. */
  readonly qmpSocket: string;
  /** As QEMU calls it: `/machine/peripheral/balloon0`. */
  readonly device: string;
  /** What it left the guest. */
  readonly balloonBytes: number;
  /** How often the guest was asked for figures; 0: never. */
  readonly pollingSeconds: number;
}

/** A QEMU guest that is stopped for some milliseconds, and has to go on. */
export interface PauseUndo {
  /** Where QEMU's control channel listens. */
  readonly pausedGuest: string;
}
