import { setTimeout as sleep } from 'node:timers/promises';
import { ThermoclineError } from '../../base/errors.ts';
import { askSlotOwner } from '../../control/owner-requests.ts';
import type { Roots } from '../../host/host.ts';
import { isAlive } from '../../host/linux/process-identity.ts';
import { RealSysfsReader } from '../../kernel/real-sysfs.ts';
import { SlotRecords } from '../../kernel/slot-records.ts';
import { hasDamon, NO_DAMON } from '../../kernel/sysfs-files.ts';
import { sweepKernelSlots } from '../../monitor/kernel-slots.ts';
import { type KnownSlot, ourSlots, startedSlots } from './started-slots.ts';

/** How long an owner may take to end what it runs; beyond that its guard would act. */
const LIMIT_MS = 15_000;
const PAUSE_MS = 50;

/** Asks owners to end what they run, and clears up after those that have gone. */
export async function runStop(slot: number | null, roots: Roots, json: boolean): Promise<void> {
  const ours = ourSlots(roots);
  const chosen = slot === null ? startedSlots(roots) : theOne(ours, slot);
  const living = chosen.filter(({ whose }) => whose === 'ours');
  for (const { slot: number, owner, stateDir } of living) {
    // Who does not listen has nothing else to do; a service goes on with its other monitors.
    const answer = await askSlotOwner(stateDir, number, { ask: 'stop' });
    if (answer === null) process.kill(owner!.pid, 'SIGTERM');
  }
  for (const one of living) await untilFree(one);
  const left = ours.filter(({ whose }) => whose === 'left');
  for (const stateDir of new Set(left.map((one) => one.stateDir))) {
    const problem = await sweepKernelSlots(roots, stateDir);
    if (problem !== null) throw new ThermoclineError('TC_BUSY', problem);
  }
  const stopped = [...living, ...left].map((one) => one.slot);
  if (json) process.stdout.write(`${JSON.stringify({ stopped })}\n`);
  else if (stopped.length === 0) process.stdout.write(`${nothingRuns(roots)}\n`);
  else process.stdout.write(stopped.map((one) => `Slot ${one} is stopped.\n`).join(''));
}

function nothingRuns(roots: Roots): string {
  const sentence = 'Nothing of ours runs in the kernel.';
  return hasDamon(new RealSysfsReader(roots.sys)) ? sentence : `${sentence} ${NO_DAMON}`;
}

function theOne(ours: readonly KnownSlot[], slot: number): readonly KnownSlot[] {
  const found = ours.filter((one) => one.slot === slot);
  if (found.length > 0) return found;
  throw new ThermoclineError(
    'TC_NOT_FOUND',
    `Nothing of ours runs in slot ${slot}; "thermocline status" lists what does.`,
  );
}

async function untilFree({ slot, owner, stateDir }: KnownSlot): Promise<void> {
  const records = new SlotRecords(stateDir);
  const endMs = performance.now() + LIMIT_MS;
  while (records.of(slot)?.owner?.pid === owner!.pid) {
    if (performance.now() >= endMs) {
      const state = isAlive(owner!) ? 'still runs; end it by force, and its guard stops' : 'left';
      throw new ThermoclineError('TC_BUSY', `Process ${owner!.pid} ${state} slot ${slot}.`);
    }
    await sleep(PAUSE_MS);
  }
}
