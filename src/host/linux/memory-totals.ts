import { join } from 'node:path';
import type { MemoryTotals, Roots } from '../host.ts';
import { parseKilobytes } from './fields.ts';
import { readTextFile } from './read-file.ts';

/** Reads `/proc/meminfo`. */
export function readMemoryTotals(roots: Roots): MemoryTotals {
  const sizes = parseKilobytes(readTextFile(join(roots.proc, 'meminfo')));
  const bytes = (name: string) => sizes.get(name) ?? 0;
  return {
    totalBytes: bytes('MemTotal'),
    freeBytes: bytes('MemFree'),
    availableBytes: bytes('MemAvailable'),
    swapTotalBytes: bytes('SwapTotal'),
    swapFreeBytes: bytes('SwapFree'),
  };
}
