import { join } from 'node:path';
import type { Roots, SwapDevice } from '../host.ts';
import { readTextIfAny } from './read-file.ts';

/** Reads `/proc/swaps`: sizes there are in KiB. */
export function readSwapDevices(roots: Roots): SwapDevice[] {
  const [, ...lines] = (readTextIfAny(join(roots.proc, 'swaps')) ?? '').trim().split('\n');
  return lines.map((line) => {
    const [path = '', , size, used] = line.split(/\s+/);
    const kind = /\/zram\d+$/.test(path) ? 'zram' : 'disk';
    return { path, kind, totalBytes: Number(size) * 1024, usedBytes: Number(used) * 1024 };
  });
}

/** Whether swapped pages are kept compressed in memory before they go to a disk. */
export function usesZswap(roots: Roots): boolean {
  const enabled = readTextIfAny(join(roots.sys, 'module/zswap/parameters/enabled')) ?? '';
  return /^[Y1]/.test(enabled);
}
