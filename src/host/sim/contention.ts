/** How much slower memory answers while it is busy. */
import type { Memory } from './memory.ts';

/** Bytes that one access brings in. */
export const CACHE_LINE_BYTES = 64;

/** Above this share of its bandwidth a node is as slow as it gets: who waits asks for no more. */
const MAX_LOAD = 0.97;

/**
 * Latency of a node of which `bytesPerSecond` are asked, after the shape of measured curves: flat,
 * then a knee (1.1 times at half of the bandwidth, 1.8 at 80 %, 3 at 90 %).
 * @param bandwidthBytesPerSecond 0: no limit
 */
export function loadedLatencyNs(
  latencyNs: number,
  bytesPerSecond: number,
  bandwidthBytesPerSecond: number,
): number {
  if (bandwidthBytesPerSecond === 0) return latencyNs;
  const load = Math.min(MAX_LOAD, bytesPerSecond / bandwidthBytesPerSecond);
  return latencyNs * (1 + (0.25 * load * load) / (1 - load));
}

/** Makes each node as slow as what was asked of it in the last `seconds` says. */
export function loadNodes({ nodes, migrations }: Memory, seconds: number): void {
  for (const node of nodes) {
    const accessed = (node.accesses - node.loadedAccesses) * CACHE_LINE_BYTES;
    const bytes = accessed + migrations.takeTraffic(node.nid);
    const { latencyNs, bandwidthBytesPerSecond } = node;
    const loadedNs = loadedLatencyNs(latencyNs, bytes / seconds, bandwidthBytesPerSecond);
    node.loadedAccesses = node.accesses;
    // Half of the way: who waits asks for less, which must not swing.
    node.loadedLatencyNs = (node.loadedLatencyNs + loadedNs) / 2;
  }
}
