/** What reclaimed pages come back from, and how long that takes. */
import type { SimVma } from './process.ts';
import type { Scenario } from './scenario.ts';

/** Pages that come in one request when memory is read in order; zram has no use for that. */
const READ_AHEAD = { file: 32, disk: 8, zram: 1 };

/** Microseconds that a reclaimed page takes to come back. */
export function faultLatencyUs(
  { swap, storage }: Scenario,
  { kind }: SimVma,
  scanned: boolean,
): number {
  const device = kind === 'file' ? 'file' : swap.kind;
  const latencyUs = kind === 'file' ? storage.latencyUs : swap.latencyUs;
  return scanned ? latencyUs / READ_AHEAD[device] : latencyUs;
}

/** Whether it comes from a disk. */
export function isFromDisk({ swap }: Scenario, { kind }: SimVma): boolean {
  return kind === 'file' || swap.kind === 'disk';
}
