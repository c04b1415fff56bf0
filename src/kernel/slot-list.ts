/** Every slot of the kernel's DAMON, ours or not, by plain reads. */
import type { ProcessIdentity } from '../host/linux/process-identity.ts';
import type { Params } from '../params/types.ts';
import { type Boot, type Claim, standingOf } from './claim.ts';
import { readParams } from './read-back.ts';
import type { SlotRecords } from './slot-records.ts';
import { hasDamon, readValue, type SysfsReader, slotIndexes, slotPath } from './sysfs-files.ts';

/** One slot. */
export interface ListedSlot {
  readonly slot: number;
  /** Null while a command of somebody holds the kernel's lock. */
  readonly isOn: boolean | null;
  readonly kdamondPid: number | null;
  /** `free`: in our pool, used by nobody. `left`: ours, of a process that has gone. */
  readonly whose: 'ours' | 'free' | 'left' | 'others';
  /** The process that uses it, where it is ours. */
  readonly owner: ProcessIdentity | null;
  readonly purpose: string;
  /** What its files hold; null where it has no set-up. */
  readonly params: Params | null;
}

/** In order; empty where the kernel has no slots. */
export function listSlots(files: SysfsReader, boot: Boot, records: SlotRecords): ListedSlot[] {
  if (!hasDamon(files)) return [];
  return slotIndexes(files).map((slot): ListedSlot => {
    const record = records.of(slot);
    const state = valueIfAny(files, slotPath(slot, 'state'));
    const pid = Number(valueIfAny(files, slotPath(slot, 'pid')) ?? -1);
    const isOurs = record !== null && isOursNow(files, boot, record.claim);
    const owner = isOurs ? record.owner : null;
    const lives = owner !== null && boot.startTicksOf(owner.pid) === owner.startTicks;
    const ours = owner === null ? 'free' : lives ? 'ours' : 'left';
    return {
      slot,
      isOn: state === null ? null : state === 'on',
      kdamondPid: pid > 0 ? pid : null,
      whose: isOurs ? ours : 'others',
      owner,
      purpose: isOurs ? record.purpose : '',
      params: readParams(files, slot),
    };
  });
}

function isOursNow(files: SysfsReader, boot: Boot, claim: Claim): boolean {
  try {
    const { isOn, workerIsOurs, filesAreOurs } = standingOf(files, claim, boot);
    return isOn ? workerIsOurs : filesAreOurs;
  } catch {
    // While a command holds the lock, the record is all that is known.
    return claim.bootId === boot.bootId;
  }
}

function valueIfAny(files: SysfsReader, path: string): string | null {
  try {
    return readValue(files, path);
  } catch {
    return null;
  }
}
