import { existsSync } from 'node:fs';
import type { Roots } from '../../host/host.ts';
import { currentBoot } from '../../kernel/boot.ts';
import { RealSysfsReader } from '../../kernel/real-sysfs.ts';
import { type ListedSlot, listSlots } from '../../kernel/slot-list.ts';
import { SlotRecords } from '../../kernel/slot-records.ts';
import { slotSocket } from '../../monitor/kernel-slots.ts';

/** Slots whose owner takes requests: those that `thermocline start` runs, and the service. */
export function startedSlots(roots: Roots, stateDir: string): ListedSlot[] {
  return ourSlots(roots, stateDir).filter(({ slot }) => existsSync(slotSocket(stateDir, slot)));
}

/** Slots of ours that somebody uses, or used until he died. */
export function ourSlots(roots: Roots, stateDir: string): ListedSlot[] {
  const files = new RealSysfsReader(roots.sys);
  return listSlots(files, currentBoot(roots), new SlotRecords(stateDir)).filter(
    ({ whose }) => whose === 'ours' || whose === 'left',
  );
}
