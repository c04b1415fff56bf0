import { existsSync } from 'node:fs';
import { stateFolders } from '../../control/state-folders.ts';
import type { Roots } from '../../host/host.ts';
import { currentBoot } from '../../kernel/boot.ts';
import { RealSysfsReader } from '../../kernel/real-sysfs.ts';
import { type ListedSlot, listSlots } from '../../kernel/slot-list.ts';
import { SlotRecords } from '../../kernel/slot-records.ts';
import { slotSocket } from '../../monitor/kernel-slots.ts';

/** A slot, and the state folder whose records know it, if any. */
export interface KnownSlot extends ListedSlot {
  readonly stateDir: string;
}

/** Every slot of the kernel, by all state folders of this user. */
export function knownSlots(roots: Roots): KnownSlot[] {
  const files = new RealSysfsReader(roots.sys);
  const boot = currentBoot(roots);
  const slotsBy = (stateDir: string) =>
    listSlots(files, boot, new SlotRecords(stateDir)).map((slot) => ({ ...slot, stateDir }));
  const [usual, ...elsewhere] = stateFolders();
  const known = elsewhere.flatMap(slotsBy).filter(({ whose }) => whose !== 'others');
  return slotsBy(usual).map((slot) =>
    slot.whose === 'others' ? (known.find((other) => other.slot === slot.slot) ?? slot) : slot,
  );
}

/** Slots whose owner takes requests: those that `thermocline start` runs, and the service. */
export function startedSlots(roots: Roots): KnownSlot[] {
  return ourSlots(roots).filter(({ slot, stateDir }) => existsSync(slotSocket(stateDir, slot)));
}

/** Slots of ours that somebody uses, or used until he died. */
export function ourSlots(roots: Roots): KnownSlot[] {
  return knownSlots(roots).filter(({ whose }) => whose === 'ours' || whose === 'left');
}
