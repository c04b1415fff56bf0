import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AddressRange } from '../../params/types.ts';
import type { MemoryZone, Roots } from '../host.ts';
import { readPageSize } from './page-size.ts';
import { readTextIfAny } from './read-file.ts';

/**
 * Memory that a driver has added stands below its device: `System RAM (kmem)`, as that of CXL, or
 * `(virtio_mem)`. The kernel shows addresses to root only, and zeros to everybody else.
 */
const SYSTEM_RAM = /^ *([0-9a-f]+)-([0-9a-f]+) : System RAM(?: \(.+\))?$/gm;
const ZONE = /^Node (\d+), zone +(\w+)$/;

/** Memory by physical address, neighbours joined, from `/proc/iomem`; empty for who isn't root. */
export function readMemoryRanges(roots: Roots): AddressRange[] {
  const text = readTextIfAny(join(roots.proc, 'iomem')) ?? '';
  const ranges = [...text.matchAll(SYSTEM_RAM)]
    .map(([, first, last]) => ({
      start: Number.parseInt(first!, 16),
      end: Number.parseInt(last!, 16) + 1,
    }))
    .filter(({ start, end }) => end > start + 1);
  return joinNeighbours(ranges);
}

/** Zones that have pages, from `/proc/zoneinfo`. */
export function readZones(roots: Roots): MemoryZone[] {
  const pageSize = readPageSize(roots);
  const zones: MemoryZone[] = [];
  let at: { nid: number; name: string; spanned: number } | null = null;
  for (const line of (readTextIfAny(join(roots.proc, 'zoneinfo')) ?? '').split('\n')) {
    const zone = ZONE.exec(line);
    if (zone !== null) at = { nid: Number(zone[1]), name: zone[2]!, spanned: 0 };
    const [name, value] = line.trim().split(/[: ]+/);
    if (at === null) continue;
    if (name === 'spanned') at.spanned = Number(value);
    if (name !== 'start_pfn' || at.spanned === 0) continue;
    const start = Number(value) * pageSize;
    const range = { start, end: start + at.spanned * pageSize };
    zones.push({ nid: at.nid, name: at.name, range });
  }
  return zones;
}

/** Memory blocks of a node by physical address, neighbours joined; empty where none are told. */
export function readNodeRanges(roots: Roots, nid: number): AddressRange[] {
  const size = Number.parseInt(
    readTextIfAny(join(roots.sys, 'devices/system/memory/block_size_bytes')) ?? '',
    16,
  );
  if (!(size > 0)) return [];
  const blocks = namesIn(join(roots.sys, `devices/system/node/node${nid}`))
    .flatMap((name) => /^memory(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  return joinNeighbours(blocks.map((block) => ({ start: block * size, end: (block + 1) * size })));
}

/** The same, what adjoins as one. @param ranges ascending */
export function joinNeighbours(ranges: readonly AddressRange[]): AddressRange[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of ranges) {
    const last = joined.at(-1);
    if (last?.end === start) last.end = end;
    else joined.push({ start, end });
  }
  return joined;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
