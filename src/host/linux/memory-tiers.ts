import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AddressRange } from '../../params/types.ts';
import type { NumaNode, Roots, TierFacts, TierNode } from '../host.ts';
import { parseNumberList } from './fields.ts';
import { readMemoryRanges, readZones } from './memory-ranges.ts';
import { readMemoryTotals } from './memory-totals.ts';
import { readNumaNodes } from './numa-nodes.ts';
import { readPageSize } from './page-size.ts';
import { readTextIfAny } from './read-file.ts';

const MIB = 2 ** 20;

/** A bit of `/proc/sys/kernel/numa_balancing`: promotion by hint faults. */
const TIERING_MODE = 2;

/** Reads what the kernel and the firmware tell of the nodes' speeds and tiers. */
export function readTierFacts(roots: Roots): TierFacts {
  const tiers = readTiers(roots);
  const watermarks = readHighWatermarks(roots);
  const nodes = readNumaNodes(roots).map(
    (node): TierNode => ({
      ...node,
      tier: tiers.get(node.nid) ?? null,
      ...readSpeed(roots, node),
      highWatermarkBytes: watermarks.get(node.nid) ?? 0,
      ranges: rangesOf(roots, node.nid),
    }),
  );
  const balancing = Number(readTextIfAny(join(roots.proc, 'sys/kernel/numa_balancing')) ?? 0);
  return {
    nodes,
    demotionEnabled: readSwitch(join(roots.sys, 'kernel/mm/numa/demotion_enabled')),
    numaBalancing: balancing === 0 ? 'off' : balancing & TIERING_MODE ? 'tiering' : 'nodes',
    swapBytes: readMemoryTotals(roots).swapTotalBytes,
  };
}

/** The number of each node's tier, from the kernel's memory tier devices. */
function readTiers(roots: Roots): Map<number, number> {
  const folder = join(roots.sys, 'devices/virtual/memory_tiering');
  const tiers = new Map<number, number>();
  for (const name of namesIn(folder)) {
    const tier = /^memory_tier(\d+)$/.exec(name)?.[1];
    if (tier === undefined) continue;
    for (const nid of parseNumberList(readTextIfAny(join(folder, name, 'nodelist')) ?? '')) {
      tiers.set(nid, Number(tier));
    }
  }
  return tiers;
}

/** From the HMAT, as the best initiators of the node have it: those of access class 0. */
function readSpeed(
  roots: Roots,
  { nid }: NumaNode,
): Pick<TierNode, 'latencyNs' | 'bandwidthBytesPerSecond'> {
  const folder = join(roots.sys, `devices/system/node/node${nid}/access0/initiators`);
  const read = (name: string) => {
    const value = Number(readTextIfAny(join(folder, name)) ?? 0);
    return value > 0 ? value : null;
  };
  const bandwidthMib = read('read_bandwidth');
  return {
    latencyNs: read('read_latency'),
    bandwidthBytesPerSecond: bandwidthMib === null ? null : bandwidthMib * MIB,
  };
}

/** Sums the high watermarks of each node's zones. */
function readHighWatermarks(roots: Roots): Map<number, number> {
  const pageSize = readPageSize(roots);
  const bytes = new Map<number, number>();
  let nid = -1;
  for (const line of (readTextIfAny(join(roots.proc, 'zoneinfo')) ?? '').split('\n')) {
    const zone = /^Node (\d+), zone/.exec(line);
    if (zone !== null) nid = Number(zone[1]);
    const high = /^\s+high\s+(\d+)$/.exec(line);
    if (high !== null && nid >= 0) {
      bytes.set(nid, (bytes.get(nid) ?? 0) + Number(high[1]) * pageSize);
    }
  }
  return bytes;
}

/** What of the machine's memory lies in the node's zones. */
function rangesOf(roots: Roots, nid: number): AddressRange[] {
  const zones = readZones(roots).filter((zone) => zone.nid === nid);
  return readMemoryRanges(roots).flatMap((memory) =>
    zones
      .map(({ range }) => ({
        start: Math.max(memory.start, range.start),
        end: Math.min(memory.end, range.end),
      }))
      .filter(({ start, end }) => start < end)
      .sort((left, right) => left.start - right.start),
  );
}

function readSwitch(path: string): boolean | null {
  const text = readTextIfAny(path)?.trim();
  return text === undefined ? null : text === 'true' || text === '1';
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
