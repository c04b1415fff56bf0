/** What the kernel counts of reclaim: what came back, what its swap takes, what disks get. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Roots } from '../host.ts';
import { parseCounters, parseKilobytes } from './fields.ts';
import { readPageSize } from './page-size.ts';
import { readTextIfAny } from './read-file.ts';

const SECTOR_BYTES = 512;
/** Fields of `/sys/block/NAME/mm_stat` and `stat`. */
const POOL_FIELD = 2;
const WRITTEN_SECTORS_FIELD = 6;

/** Totals since boot, of the whole machine. */
export interface ReclaimCounters {
  /** Pages that were taken, and came back because they were accessed. */
  readonly refaultedBytes: number;
  /** Memory that zram and zswap take up at present. */
  readonly poolBytes: number;
  /** Written by reclaim to anything but zram: swap, and dirty pages of files. */
  readonly diskWriteBytes: number;
  /** Allocations that found no memory, and had to reclaim some themselves first. */
  readonly stalledAllocations: number;
}

/** Reads `/proc/vmstat`, `/proc/meminfo` and zram's statistics. */
export function readReclaimCounters(roots: Roots): ReclaimCounters {
  const pageSize = readPageSize(roots);
  const events = parseCounters(readTextIfAny(join(roots.proc, 'vmstat')) ?? '');
  const count = (name: string) => events.get(name) ?? 0;
  const zram = readZram(roots);
  const sizes = parseKilobytes(readTextIfAny(join(roots.proc, 'meminfo')) ?? '');
  const refaults = count('workingset_refault_anon') + count('workingset_refault_file');
  // One counter a zone.
  const stalls = [...events].filter(([name]) => name.startsWith('allocstall_'));
  const written = Math.max(count('pswpout'), count('nr_vmscan_write'));
  return {
    refaultedBytes: refaults * pageSize,
    poolBytes: zram.poolBytes + (sizes.get('Zswap') ?? 0),
    diskWriteBytes: Math.max(0, written * pageSize - zram.writtenBytes),
    stalledAllocations: stalls.reduce((sum, [, times]) => sum + times, 0),
  };
}

function readZram(roots: Roots): { poolBytes: number; writtenBytes: number } {
  let poolBytes = 0;
  let writtenBytes = 0;
  for (const name of blockDevices(roots).filter((one) => one.startsWith('zram'))) {
    const fields = (file: string) =>
      (readTextIfAny(join(roots.sys, 'block', name, file)) ?? '').trim().split(/\s+/).map(Number);
    poolBytes += fields('mm_stat')[POOL_FIELD] ?? 0;
    writtenBytes += (fields('stat')[WRITTEN_SECTORS_FIELD] ?? 0) * SECTOR_BYTES;
  }
  return { poolBytes, writtenBytes };
}

function blockDevices(roots: Roots): string[] {
  try {
    return readdirSync(join(roots.sys, 'block'));
  } catch {
    return [];
  }
}
