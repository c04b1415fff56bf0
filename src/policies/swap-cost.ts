/** What taking memory away costs and saves, as far as the host's swap tells. */
import type { HostFacts } from '../host/host.ts';

/** Microseconds until a page is back, until more is known: decompressed, or read from a disk. */
const FAULT_US = { compressed: 10, disk: 100 };

/** Whether swapped pages stay in memory, compressed. */
export function swapIsCompressed({ swapDevices, zswap }: HostFacts): boolean {
  return zswap || swapDevices.some(({ kind }) => kind === 'zram');
}

/** Whether swapped pages may be written to a disk. */
export function swapIsOnDisk({ swapDevices, zswap }: HostFacts): boolean {
  return !zswap && swapDevices.some(({ kind }) => kind === 'disk');
}

/**
 * Microseconds for which somebody waits until a page that was taken is back.
 * @param fileShare of the pages that belong to files; unknown, all are taken to be in swap
 */
export function faultUs(host: HostFacts, fileShare = 0): number {
  const swapUs =
    swapIsCompressed(host) && !swapIsOnDisk(host) ? FAULT_US.compressed : FAULT_US.disk;
  return swapUs + (FAULT_US.disk - swapUs) * fileShare;
}
