/**
 * The oracle: how a machine would fare if, at this moment, its most accessed pages lay on its
 * fastest nodes and moving them cost nothing. Nobody can place better as long as no node is short
 * of bandwidth.
 */
import { CACHE_LINE_BYTES, loadedLatencyNs } from './contention.ts';
import type { SimulatedMachine } from './machine.ts';
import type { Memory, SimNode } from './memory.ts';
import type { SimProcess, SimVma } from './process.ts';
import type { RatePiece } from './workload.ts';

/** Loads and speeds depend on each other; so many steps of the half way settle them. */
const STEPS = 12;

/** Pages that are accessed so often each, wherever they are. */
interface Lot {
  readonly process: SimProcess;
  readonly pages: number;
  readonly rate: number;
}

/** Accesses a second that a process makes to a node at full speed. */
interface Share {
  readonly process: SimProcess;
  readonly node: SimNode;
  readonly accesses: number;
}

/** What the best placement would come to. */
export interface BestPlacement {
  /** Share of its full speed at which each living process would run. */
  readonly speeds: ReadonlyMap<SimProcess, number>;
  /** Share of all accesses that the nodes of the fastest tier would serve. */
  readonly fastShare: number;
}

/** The best placement of what is in memory now, by the accesses of this moment. */
export function bestPlacement(machine: SimulatedMachine): BestPlacement {
  const alive = machine.processes.filter((process) => process.alive);
  const lots = alive.flatMap(({ vmas }) => vmas).flatMap(lotsOf);
  lots.sort((left, right) => right.rate - left.rate);
  const shares = place(lots, machine.memory.nodesByTier);
  const speeds = settle(shares, alive, machine.memory);
  const fastTier = machine.memory.nodesByTier[0]!.tier;
  let all = 0;
  let fast = 0;
  for (const { process, node, accesses } of shares) {
    const served = accesses * speeds.get(process)!;
    all += served;
    if (node.tier === fastTier) fast += served;
  }
  return { speeds, fastShare: all === 0 ? 1 : fast / all };
}

function lotsOf(vma: SimVma): Lot[] {
  return vma.rates.pieces.flatMap((piece) => {
    const pages = residentPages(vma, piece);
    return pages === 0 ? [] : pieceLots(vma, piece, pages);
  });
}

function residentPages(vma: SimVma, { start, end }: RatePiece): number {
  const { list } = vma.extents;
  let pages = 0;
  for (let index = vma.extents.indexOf(start); index < list.length; index++) {
    const extent = list[index]!;
    if (extent.start >= end) break;
    if (extent.location < 0) continue;
    pages += Math.min(end, extent.end) - Math.max(start, extent.start);
  }
  return pages;
}

function pieceLots({ process, rates }: SimVma, piece: RatePiece, pages: number): Lot[] {
  const { skew } = rates;
  if (!piece.skewed || skew === null) return [{ process, pages, rate: piece.rate }];
  const { zipf, meanRate } = skew;
  return Array.from(zipf.itemShare, (itemShare, bucket) => {
    const items = zipf.firstRank(bucket + 1) - zipf.firstRank(bucket);
    const rate = piece.rate + meanRate * zipf.count * itemShare;
    return { process, pages: (pages * items) / zipf.count, rate };
  });
}

/** Fills the nodes in order, each up to what a kernel hands out. */
function place(lots: readonly Lot[], nodes: readonly SimNode[]): Share[] {
  const shares: Share[] = [];
  let index = 0;
  let room = roomOf(nodes[0]!);
  for (const { process, pages, rate } of lots) {
    for (let left = pages; left > 0; ) {
      while (room <= 0 && index + 1 < nodes.length) room = roomOf(nodes[++index]!);
      // What fits nowhere is as on the slowest node.
      const taken = index + 1 === nodes.length ? left : Math.min(left, room);
      shares.push({ process, node: nodes[index]!, accesses: taken * rate });
      room -= taken;
      left -= taken;
    }
  }
  return shares;
}

function roomOf({ frames, watermarks }: SimNode): number {
  return frames.size - watermarks.low;
}

function settle(
  shares: readonly Share[],
  processes: readonly SimProcess[],
  { nodes, fastestNs }: Memory,
): ReadonlyMap<SimProcess, number> {
  const speeds = new Map(processes.map((process) => [process, 1]));
  const limited = nodes.some(({ bandwidthBytesPerSecond }) => bandwidthBytesPerSecond > 0);
  const latencies = new Map(nodes.map((node) => [node, node.latencyNs]));
  for (let step = 0; step < (limited ? STEPS : 1); step++) {
    const bytes = new Map(nodes.map((node) => [node, 0]));
    const delays = new Map(processes.map((process) => [process, 0]));
    for (const { process, node, accesses } of shares) {
      const asked = accesses * CACHE_LINE_BYTES * speeds.get(process)!;
      bytes.set(node, bytes.get(node)! + asked);
    }
    for (const node of nodes) {
      const { latencyNs, bandwidthBytesPerSecond } = node;
      const loaded = loadedLatencyNs(latencyNs, bytes.get(node)!, bandwidthBytesPerSecond);
      latencies.set(node, (latencies.get(node)! + loaded) / 2);
    }
    for (const { process, node, accesses } of shares) {
      const delay = (accesses * (latencies.get(node)! - fastestNs)) / 1e9;
      delays.set(process, delays.get(process)! + delay);
    }
    for (const process of processes) speeds.set(process, 1 / (1 + delays.get(process)!));
  }
  return speeds;
}
