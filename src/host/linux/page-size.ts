import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Roots } from '../host.ts';

/** The entry of the auxiliary vector that holds the page size. */
const AT_PAGESZ = 6;
const ENTRY_BYTES = 16;

/**
 * Size of a base page, from what the kernel told this process at its start. 4096 where that can't
 * be read, as in a copied `/proc`.
 */
export function readPageSize(roots: Roots): number {
  let vector: Buffer;
  try {
    vector = readFileSync(join(roots.proc, 'self/auxv'));
  } catch {
    return 4096;
  }
  for (let at = 0; at + ENTRY_BYTES <= vector.length; at += ENTRY_BYTES) {
    if (vector.readUInt32LE(at) === AT_PAGESZ) return vector.readUInt32LE(at + 8);
  }
  return 4096;
}
