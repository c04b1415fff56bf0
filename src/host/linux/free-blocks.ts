import { join } from 'node:path';
import type { Roots } from '../host.ts';
import { readTextIfAny } from './read-file.ts';

/** Pages of 4 KiB in a block of 2 MiB, as a power of two. */
const BLOCK_ORDER = 9;

/**
 * Blocks of 2 MiB that are free in one piece, by `/proc/buddyinfo` (pages of 4 KiB): counts of free
 * areas by order, of which the larger hold several. Null where the file can't be read.
 */
export function nrFreeBlocks(roots: Roots): number | null {
  const text = readTextIfAny(join(roots.proc, 'buddyinfo'));
  if (text === null) return null;
  let blocks = 0;
  for (const line of text.split('\n')) {
    const counts = line.replace(/^.*zone\s+\S+/, '').match(/\d+/g) ?? [];
    for (const [order, count] of counts.entries()) {
      if (order >= BLOCK_ORDER) blocks += Number(count) * 2 ** (order - BLOCK_ORDER);
    }
  }
  return blocks;
}
