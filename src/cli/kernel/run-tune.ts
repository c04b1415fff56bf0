import { ThermoclineError } from '../../base/errors.ts';
import { askSlotOwner, type TuneAnswer } from '../../control/owner-requests.ts';
import type { Roots } from '../../host/host.ts';
import { RealSysfsReader } from '../../kernel/real-sysfs.ts';
import { requireDamon } from '../../kernel/sysfs-files.ts';
import { startedSlots } from './started-slots.ts';

/** What to change, and how to tell. */
export interface TuneWish {
  readonly set: readonly string[];
  readonly dryRun?: true;
  readonly json?: true;
}

/** Changes what `start` runs in a slot, or in the only one. */
export async function runTune(slot: number | null, wish: TuneWish, roots: Roots): Promise<void> {
  requireDamon(new RealSysfsReader(roots.sys));
  const started = startedSlots(roots);
  const chosen = slot ?? onlyOne(started.map((one) => one.slot));
  const owned = started.find((one) => one.slot === chosen);
  const request = { ask: 'tune', settings: wish.set, dryRun: wish.dryRun === true } as const;
  const answer = owned && (await askSlotOwner<TuneAnswer>(owned.stateDir, chosen, request));
  if (!answer) {
    throw new ThermoclineError(
      'TC_NOT_FOUND',
      `Slot ${chosen} is run neither by "thermocline start" nor by a service, and nothing else can be ` +
        'tuned from outside; ' +
        '"thermocline status" lists what runs.',
    );
  }
  if (wish.json) {
    process.stdout.write(`${JSON.stringify({ slot: chosen, ...answer })}\n`);
    return;
  }
  const lines = answer.changes.length > 0 ? answer.changes : ['Nothing differs; nothing was done.'];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function onlyOne(slots: readonly number[]): number {
  const [only] = slots;
  if (slots.length === 1 && only !== undefined) return only;
  throw new ThermoclineError(
    slots.length === 0 ? 'TC_NOT_FOUND' : 'TC_INVALID',
    slots.length === 0
      ? 'Nothing is run by "thermocline start" or a service, so there is nothing to tune.'
      : `More than one slot is run (${slots.join(', ')}); name one.`,
  );
}
