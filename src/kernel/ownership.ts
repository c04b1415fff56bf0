/**
 * Slots of the kernel's DAMON: made only where there are none, found again after a crash, and never
 * taken from others.
 */
import { ThermoclineError } from '../base/errors.ts';
import { type Claim, emptyClaim, standingOf } from './claim.ts';
import { OwnedSlot, type SlotTools } from './owned-slot.ts';
import { patiently } from './patience.ts';
import { EMPTY_SLOT } from './staging.ts';
import {
  ADMIN_FOLDER,
  readValue,
  requireDamon,
  type SysfsReader,
  slotIndexes,
  slotPath,
} from './sysfs-files.ts';

/** Made in one write, because none can be added while any runs. */
const POOL_SIZE = 8;

const NR_KDAMONDS = `${ADMIN_FOLDER}/kdamonds/nr_kdamonds`;

/**
 * Our slots: those of `claims` that still are ours, or a new pool where the kernel has no slots at
 * all. Throws `TC_BUSY` where it has only slots of others, and changes nothing then; and
 * `TC_UNSUPPORTED` where the kernel has no DAMON.
 */
export async function claimSlots(
  tools: SlotTools,
  claims: readonly Claim[],
): Promise<readonly OwnedSlot[]> {
  const { files, boot } = tools;
  requireDamon(files);
  const nr = Number(readValue(files, NR_KDAMONDS));
  if (nr === 0) return makePool(tools);
  // Of another size, it was made anew by somebody else, and what is empty there is not ours.
  const ours = (nr === POOL_SIZE ? claims : []).filter((claim) => {
    const { isOn, workerIsOurs, filesAreOurs } = standingOf(files, claim, boot);
    return filesAreOurs && (workerIsOurs || !isOn);
  });
  if (ours.length === 0) throw othersSlots(files);
  return ours.map((claim) => new OwnedSlot(tools, claim));
}

/**
 * Stops whatever of `claims` runs and is ours, and empties their slots: what a guard does, and who
 * starts after a crash. Slots that are not ours any more are left alone.
 * @returns a sentence for each slot of which something of ours could not be stopped
 */
export async function stopClaimed(tools: SlotTools, claims: readonly Claim[]): Promise<string[]> {
  const problems: string[] = [];
  for (const claim of claims) {
    try {
      const { files, boot, patienceMs } = tools;
      const standing = await patiently(() => standingOf(files, claim, boot), patienceMs);
      const { isOn, workerIsOurs, filesAreOurs } = standing;
      if (isOn ? workerIsOurs : filesAreOurs) await new OwnedSlot(tools, claim).stop();
    } catch (error) {
      if (!(error instanceof ThermoclineError)) throw error;
      problems.push(`Slot ${claim.slot}: ${error.message}`);
    }
  }
  return problems;
}

/**
 * Removes the pool, when every slot of the kernel is ours, empty and off; otherwise does nothing.
 * @returns whether the kernel has no slots now
 */
export async function releasePool(tools: SlotTools, claims: readonly Claim[]): Promise<boolean> {
  const { files, boot } = tools;
  const ours = new Map(claims.map((claim) => [claim.slot, claim]));
  const slots = slotIndexes(files);
  const free = slots.every((slot) => {
    const claim = ours.get(slot);
    if (!claim || readValue(files, slotPath(slot, 'contexts/nr_contexts')) !== '0') return false;
    const { isOn, filesAreOurs } = standingOf(files, claim, boot);
    return filesAreOurs && !isOn;
  });
  if (!free || slots.length === 0) return free;
  await files.write(NR_KDAMONDS, '0');
  // Slots that somebody makes later look the same.
  for (const claim of claims) await tools.record({ ...claim, bootId: 'given up' });
  return true;
}

async function makePool(tools: SlotTools): Promise<readonly OwnedSlot[]> {
  const { files, boot, record } = tools;
  const claims = Array.from({ length: POOL_SIZE }, (_, slot) => emptyClaim(boot.bootId, slot));
  for (const claim of claims) await record(claim);
  await files.write(NR_KDAMONDS, String(POOL_SIZE));
  return claims.map((claim) => new OwnedSlot(tools, claim));
}

function othersSlots(files: SysfsReader): ThermoclineError {
  const slots = slotIndexes(files);
  return new ThermoclineError(
    'TC_BUSY',
    `The kernel's DAMON has ${slots.length === 1 ? 'a slot' : `${slots.length} slots`} that ` +
      `Thermocline did not make (${slots.map((slot) => describeSlot(files, slot)).join('; ')}), and ` +
      'more can be made only when there are none. Have them removed by the tool that made them, or ' +
      'watch without --kernel.',
  );
}

function describeSlot(files: SysfsReader, slot: number): string {
  if (readValue(files, slotPath(slot, 'state')) === 'on') {
    return `slot ${slot} runs kdamond ${readValue(files, slotPath(slot, 'pid'))}`;
  }
  const nrContexts = readValue(files, slotPath(slot, 'contexts/nr_contexts'));
  const isEmpty = nrContexts === EMPTY_SLOT['contexts/nr_contexts'];
  return `slot ${slot} is ${isEmpty ? 'empty' : 'set up and off'}`;
}
