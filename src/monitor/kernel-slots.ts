/** The kernel's slots for everybody above: commands, the service, the guard. */
import { ThermoclineError } from '../base/errors.ts';
import type { Roots } from '../host/host.ts';
import { isOwnScript } from '../host/linux/own-scripts.ts';
import { ownIdentity, type ProcessIdentity } from '../host/linux/process-identity.ts';
import { currentBoot } from '../kernel/boot.ts';
import { RealSysfs } from '../kernel/real-sysfs.ts';
import { RealTracefs, tracefsRoot } from '../kernel/real-tracefs.ts';
import { SlotPool } from '../kernel/slot-pool.ts';
import { SlotRecords } from '../kernel/slot-records.ts';
import { removeTraceInstance } from '../kernel/trace-instance.ts';

/**
 * The sysfs of a machine, to be written to.
 * @throws ThermoclineError TC_DENIED for the real tree in a test, a bench, or `npm start`
 */
export function openSysfs(roots: Roots): RealSysfs {
  return new RealSysfs(roots.sys, { allowRealTree: !isOwnScript() });
}

/** The tracefs of a machine, to make instances in; the real one is refused as `openSysfs` does. */
export function openTracefs(roots: Roots): RealTracefs {
  return new RealTracefs(tracefsRoot(roots), { allowRealTree: !isOwnScript() });
}

/** Removes a trace instance that a process has left; nothing where it is gone. */
export function removeTrace(roots: Roots, name: string): void {
  removeTraceInstance(openTracefs(roots), name);
}

/** This process's way to the slots that it shares with others of this user. */
export function openSlotPool(roots: Roots, stateDir: string): SlotPool {
  return new SlotPool({
    files: openSysfs(roots),
    boot: currentBoot(roots),
    stateDir,
    owner: ownIdentity(),
  });
}

/** Where the owner of a slot listens for requests. */
export function slotSocket(stateDir: string, slot: number): string {
  return `${new SlotRecords(stateDir).folder}/slot-${slot}.sock`;
}

/** Whose slot is given back, and where. */
export interface SlotOwner {
  readonly roots: Roots;
  readonly stateDir: string;
  readonly owner: ProcessIdentity;
}

/**
 * Stops what another process has started in a slot, and gives the slot back; nothing where it has
 * another owner by now.
 */
export async function giveBackKernelSlot(slot: number, holder: SlotOwner): Promise<void> {
  await openSlotPool(holder.roots, holder.stateDir).release(slot, holder.owner);
}

/**
 * Stops in the kernel what processes that have gone left there, whatever became of their journals.
 * @returns a sentence on what could not be done, or null
 */
export async function sweepKernelSlots(roots: Roots, stateDir: string): Promise<string | null> {
  try {
    await openSlotPool(roots, stateDir).sweep();
    return null;
  } catch (error) {
    if (error instanceof ThermoclineError) return error.message;
    throw error;
  }
}
