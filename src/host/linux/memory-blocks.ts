/** The kernel's memory blocks: what can be taken offline at a time. Nothing here does. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../host.ts';
import { readPageSize } from './page-size.ts';
import { readTextIfAny } from './read-file.ts';

/** One block. */
export interface MemoryBlock {
  /** As in `/sys/devices/system/memory/memory12`. */
  readonly block: number;
  readonly startBytes: number;
  /** `online`, `offline`, `going-offline`. */
  readonly state: string;
  /** What the kernel says of it; kernels from 5.8 on say so of every block. */
  readonly removable: boolean;
  /** Null where the kernel knows none, as without NUMA. */
  readonly nid: number | null;
  /** `Movable`, `Normal`, …; `none` where it lies in several. */
  readonly zone: string;
}

/** All blocks, ascending. */
export interface MemoryBlocks {
  readonly blockBytes: number;
  readonly blocks: readonly MemoryBlock[];
}

/** Throws TC_UNSUPPORTED on a kernel without memory hotplug. */
export function readMemoryBlocks(roots: Roots): MemoryBlocks {
  const found = readMemoryBlocksIfAny(roots);
  if (found !== null) return found;
  throw new ThermoclineError(
    'TC_UNSUPPORTED',
    `${folderOf(roots)} tells of no memory blocks; it takes a kernel with CONFIG_MEMORY_HOTPLUG.`,
  );
}

/** Null on a kernel without memory hotplug. */
export function readMemoryBlocksIfAny(roots: Roots): MemoryBlocks | null {
  const folder = folderOf(roots);
  const blockBytes = Number.parseInt(readTextIfAny(join(folder, 'block_size_bytes')) ?? '', 16);
  if (!(blockBytes > 0)) return null;
  const blocks = readdirSync(folder)
    .flatMap((name) => /^memory(\d+)$/.exec(name)?.[1] ?? [])
    .map((number) => readBlock(join(folder, `memory${number}`), Number(number), blockBytes))
    .sort((a, b) => a.block - b.block);
  return { blockBytes, blocks };
}

function folderOf(roots: Roots): string {
  return join(roots.sys, 'devices/system/memory');
}

function readBlock(folder: string, block: number, blockBytes: number): MemoryBlock {
  const read = (name: string) => (readTextIfAny(join(folder, name)) ?? '').trim();
  const node = readdirSync(folder).find((name) => /^node\d+$/.test(name));
  return {
    block,
    startBytes: Number.parseInt(read('phys_index'), 16) * blockBytes,
    state: read('state'),
    removable: read('removable') === '1',
    nid: node === undefined ? null : Number(node.slice('node'.length)),
    // An online block lies in the first; the others are those that it could go to.
    zone: read('valid_zones').split(' ')[0]!,
  };
}

/** How full the zones of one name are. */
export interface ZoneUse {
  readonly managedBytes: number;
  readonly freeBytes: number;
  /** What the kernel keeps free by its high watermarks. */
  readonly reserveBytes: number;
}

/** Of each node's zone, by `/proc/zoneinfo`; keys are like `0 Movable`. */
export function readZoneUse(roots: Roots): Map<string, ZoneUse> {
  const pageSize = readPageSize(roots);
  const zones = new Map<string, ZoneUse>();
  const text = readTextIfAny(join(roots.proc, 'zoneinfo')) ?? '';
  for (const part of text.split(/^(?=Node \d+, zone)/m)) {
    const zone = /^Node (\d+), zone +(\w+)$/m.exec(part);
    if (zone === null) continue;
    const bytes = (name: string) =>
      Number(new RegExp(`^ +${name} +(\\d+)$`, 'm').exec(part)?.[1] ?? 0) * pageSize;
    zones.set(`${zone[1]} ${zone[2]}`, {
      managedBytes: bytes('managed'),
      freeBytes: bytes('nr_free_pages'),
      reserveBytes: bytes('high'),
    });
  }
  return zones;
}
