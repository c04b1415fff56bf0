import type { Roots } from '../host/host.ts';
import { currentBoot } from '../kernel/boot.ts';
import { RealSysfsReader } from '../kernel/real-sysfs.ts';
import { listSlots } from '../kernel/slot-list.ts';
import { SlotRecords } from '../kernel/slot-records.ts';

/**
 * The slots of the kernel's DAMON that Thermocline made, used or not, by plain reads.
 * @param stateDir checked by whoever opens it
 */
export function ourKernelSlots(roots: Roots, stateDir: string): ReadonlySet<number> {
  const files = new RealSysfsReader(roots.sys);
  const slots = listSlots(files, currentBoot(roots), new SlotRecords(stateDir));
  return new Set(slots.filter(({ whose }) => whose !== 'others').map(({ slot }) => slot));
}
