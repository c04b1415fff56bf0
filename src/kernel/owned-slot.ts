/** One slot that is ours: started, changed, asked and stopped, to nobody else's harm. */
import { ThermoclineError } from '../base/errors.ts';
import type { Params } from '../params/types.ts';
import { applyWrites, isCommand, KernelWriteError } from './apply-writes.ts';
import {
  type Boot,
  type Claim,
  firstChange,
  type RecordClaim,
  runningKdamond,
  type Standing,
  standingOf,
} from './claim.ts';
import { type Features, probeOwnSlot } from './features.ts';
import { refuseWhileModulesRun } from './modules.ts';
import { patiently } from './patience.ts';
import {
  EMPTY_SLOT,
  type SlotFiles,
  type SysfsWrite,
  slotFiles,
  stage,
  stageCommit,
  stageEmpty,
  stageOff,
  stageUndo,
} from './staging.ts';
import { readValue, type SysfsFiles, slotPath } from './sysfs-files.ts';

/** A question to a running kdamond, answered in files (spec 10.1). */
export type Query =
  | 'update_schemes_stats'
  | 'update_schemes_tried_regions'
  | 'update_schemes_tried_bytes'
  | 'clear_schemes_tried_regions'
  | 'update_schemes_effective_quotas'
  | 'update_tuned_intervals';

/** What a slot works with. */
export interface SlotTools {
  readonly files: SysfsFiles;
  readonly boot: Boot;
  /** Called before what it tells of happens, and again when it is done. */
  readonly record: RecordClaim;
  /** How long to wait while a command of somebody else holds the kernel's lock; 5 s by default. */
  readonly patienceMs?: number;
}

/**
 * Every change is recorded in front of the first write, so that whoever finds the slot after a
 * crash knows that it is ours in whatever state. Before each command the files are compared with
 * what we wrote: a difference means that somebody else works there, and then nothing is done and
 * `TC_BUSY` says so.
 */
export class OwnedSlot {
  readonly #tools: SlotTools;
  #claim: Claim;

  /** @param claim one whose slot is ours, as `claimSlots` gives it */
  constructor(tools: SlotTools, claim: Claim) {
    this.#tools = tools;
    this.#claim = claim;
  }

  get claim(): Claim {
    return this.#claim;
  }

  /** Finds out what the kernel can do, with a set-up in this slot that never runs. */
  async probe(): Promise<Features> {
    await this.#mustBeFree('probed');
    await this.#record({ writing: { ...EMPTY_SLOT, 'contexts/nr_contexts': '1' } });
    const features = await probeOwnSlot(this.#tools.files, this.#claim.slot);
    await this.#record({ written: EMPTY_SLOT, writing: null });
    return features;
  }

  /**
   * Sets the slot up and starts it. When that fails, the slot is empty again. Throws what `stage`
   * and `applyWrites` throw, and `TC_BUSY` while it runs already or a module has DAMON for itself.
   */
  async start(params: Params, features: Features): Promise<void> {
    const writes = stage(params, features, this.#claim.slot);
    await this.#mustBeFree('started');
    refuseWhileModulesRun(this.#tools.files);
    try {
      await this.#write(writes, slotFiles(params, features));
    } catch (error) {
      // The first error says why; what is not ours any more, `stop` leaves alone.
      await this.stop().catch(() => {});
      throw error;
    }
  }

  /**
   * Goes from `before`, which runs, to `after`. When the kernel refuses, the files are as before
   * again, and what runs has not changed.
   */
  async commit(before: Params, after: Params, features: Features): Promise<void> {
    const { slot, written } = this.#claim;
    const writes = stageCommit(before, after, features, slot);
    if (writes.length === 0) return;
    await this.#mustBeOurs('changed');
    if (this.#claim.writing !== null) throw halfChanged(slot);
    try {
      await this.#write(writes, slotFiles(after, features));
    } catch (error) {
      if (error instanceof KernelWriteError) {
        await this.#undo(stageUndo(before, after, features, slot), written).catch(() => {});
      }
      throw error;
    }
  }

  /** Has the running kdamond write its answer into its files. */
  async query(query: Query): Promise<void> {
    await this.#mustBeOurs('asked');
    const path = `kdamonds/${this.#claim.slot}/state`;
    await this.#apply([{ path, text: query }]);
  }

  /**
   * Stops what we started and leaves the slot empty. A worker of ours whose files somebody else
   * has changed is stopped as well, and the files are left to him. Idempotent.
   */
  async stop(): Promise<void> {
    const { slot } = this.#claim;
    const standing = await this.#standing();
    const { isOn, workerIsOurs, filesAreOurs } = standing;
    if (isOn ? !workerIsOurs : !filesAreOurs) throw notOurs(slot, 'stopped', standing.why);
    if (!isOn && isEmpty(this.#claim)) return;
    // Stopped first, whatever becomes of the record.
    if (isOn) await this.#switchOff();
    if (!filesAreOurs) return;
    // What an interrupted change has recorded tells more of the files than we know, and covers an
    // empty slot, too.
    if (this.#claim.writing === null) await this.#record({ writing: EMPTY_SLOT });
    await this.#apply(stageEmpty(slot));
    await this.#record({ kdamond: null, written: EMPTY_SLOT, writing: null });
  }

  async #write(writes: readonly SysfsWrite[], after: SlotFiles): Promise<void> {
    const { files, boot } = this.#tools;
    const { slot, written } = this.#claim;
    await this.#record({ writing: after });
    await this.#apply(writes, (write) => {
      if (!isCommand(write)) return;
      const change = firstChange(files, slot, write === writes[0] ? written : after);
      if (change !== null) throw notOurs(slot, 'used', change);
    });
    const { patienceMs } = this.#tools;
    const kdamond = await patiently(() => runningKdamond(files, slot, boot), patienceMs);
    await this.#record({ kdamond, written: after, writing: null });
  }

  async #undo(writes: readonly SysfsWrite[], before: SlotFiles): Promise<void> {
    if (!(await this.#standing()).filesAreOurs) return;
    await this.#apply(writes);
    await this.#record({ written: before, writing: null });
  }

  async #record(change: Partial<Claim>): Promise<void> {
    const claim = { ...this.#claim, ...change };
    await this.#tools.record(claim);
    this.#claim = claim;
  }

  async #apply(writes: readonly SysfsWrite[], before?: (write: SysfsWrite) => void): Promise<void> {
    const { files, patienceMs } = this.#tools;
    await applyWrites(files, writes, { patienceMs, ...(before && { before }) });
  }

  /** A kdamond may end by itself right before, which older kernels say as an error. */
  async #switchOff(): Promise<void> {
    const { slot } = this.#claim;
    try {
      await this.#apply(stageOff(slot));
    } catch (error) {
      if (readValue(this.#tools.files, slotPath(slot, 'state')) === 'on') throw error;
    }
  }

  #standing(): Promise<Standing> {
    const { files, boot, patienceMs } = this.#tools;
    return patiently(() => standingOf(files, this.#claim, boot), patienceMs);
  }

  /** @returns whether it runs */
  async #mustBeOurs(done: string): Promise<boolean> {
    const { isOn, workerIsOurs, filesAreOurs, why } = await this.#standing();
    if (filesAreOurs && (workerIsOurs || !isOn)) return isOn;
    throw notOurs(this.#claim.slot, done, why);
  }

  async #mustBeFree(done: string): Promise<void> {
    if (!(await this.#mustBeOurs(done))) return;
    throw new ThermoclineError(
      'TC_BUSY',
      `Slot ${this.#claim.slot} of the kernel's DAMON is not ${done}: it runs already. Change what ` +
        'runs, or stop it first.',
    );
  }
}

function isEmpty({ written, writing }: Claim): boolean {
  return (
    writing === null && Object.entries(EMPTY_SLOT).every(([path, text]) => written[path] === text)
  );
}

function notOurs(slot: number, done: string, why: string): ThermoclineError {
  return new ThermoclineError(
    'TC_BUSY',
    `Slot ${slot} of the kernel's DAMON is not ${done}: it ${why}. Use another slot, or stop the ` +
      'other one with the tool that started it.',
  );
}

/** What its files hold is then neither `before` nor anything that could be committed. */
function halfChanged(slot: number): ThermoclineError {
  return new ThermoclineError(
    'TC_BUSY',
    `Slot ${slot} of the kernel's DAMON is not changed: an earlier change was interrupted there. ` +
      'Stop it and start it again.',
  );
}
