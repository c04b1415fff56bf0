/**
 * The slots of this machine's DAMON as several processes share them. The first that needs one makes
 * them all, since none can be added while any runs; others take free ones; the last one that ends
 * leaves the kernel as it was found.
 */
import { ThermoclineError } from '../base/errors.ts';
import type { ProcessIdentity } from '../host/linux/process-identity.ts';
import { withProcessLock } from '../host/linux/process-lock.ts';
import type { Boot, Claim } from './claim.ts';
import type { Features } from './features.ts';
import { runningModules } from './modules.ts';
import { OwnedSlot, type SlotTools } from './owned-slot.ts';
import { claimSlots, releasePool, stopClaimed } from './ownership.ts';
import { patiently } from './patience.ts';
import { type SlotRecord, SlotRecords } from './slot-records.ts';
import { EMPTY_SLOT } from './staging.ts';
import { SysfsError, type SysfsFiles } from './sysfs-files.ts';

const STAT_SWITCH = 'module/damon_stat/parameters/enabled';

/** What a pool works with. */
export interface SlotPoolOptions {
  readonly files: SysfsFiles;
  readonly boot: Boot;
  /** Where all processes that share the slots keep their records. */
  readonly stateDir: string;
  /** The process that takes slots. */
  readonly owner: ProcessIdentity;
  /** As in `SlotTools`. */
  readonly patienceMs?: number;
}

/** This process's way to slots. */
export class SlotPool {
  readonly #options: SlotPoolOptions;
  readonly #records: SlotRecords;

  constructor(options: SlotPoolOptions) {
    this.#options = options;
    this.#records = new SlotRecords(options.stateDir);
  }

  /**
   * A slot for this process alone, empty and off. What processes that have gone left running is
   * stopped before.
   * @param announce told the slot before it becomes ours: whoever keeps a journal writes it down
   * @throws ThermoclineError TC_BUSY where all are in use or only others have slots, TC_UNSUPPORTED
   * where the kernel has no DAMON
   */
  take(purpose: string, announce: (slot: number) => void): Promise<OwnedSlot> {
    return this.#locked(async () => {
      await this.#stopAbandoned();
      const claims = this.#records.all().map(({ claim }) => claim);
      const slots = await claimSlots(this.#tools(), claims);
      const free = slots.find(({ claim }) => this.#isFree(claim));
      if (free === undefined) throw this.#allInUse();
      const { claim } = free;
      announce(claim.slot);
      this.#records.write({ claim, owner: this.#options.owner, purpose });
      return new OwnedSlot(this.#tools(), claim);
    });
  }

  /** What this kernel has, found out in a slot of ours once in a boot. */
  async featuresBy(slot: OwnedSlot): Promise<Features> {
    const { bootId } = this.#options.boot;
    const known = this.#records.features(bootId);
    if (known !== null) return known;
    const features = await slot.probe();
    this.#records.writeFeatures(bootId, features);
    return features;
  }

  /**
   * Switches DAMON_STAT off where it is on, so that others can start. The last one who gives a slot
   * back switches it on again. Only whoever holds a slot may call this.
   */
  async handOverStat(): Promise<void> {
    const { files, boot } = this.#options;
    await this.#locked(async () => {
      if (!runningModules(files).includes('damon_stat')) return;
      this.#records.handoverBootId = boot.bootId;
      await files.write(STAT_SWITCH, 'N');
    });
  }

  /**
   * Stops what `owner` runs in `slot` and gives the slot back. Idempotent; a slot that has another
   * owner by now is left alone.
   * @throws ThermoclineError when something could not be stopped or put back: it can be repeated
   */
  async release(slot: number, owner: ProcessIdentity = this.#options.owner): Promise<void> {
    const record = this.#records.of(slot);
    if (record !== null && isSame(record.owner, owner)) {
      // Before anything that could be waited for.
      await this.#stop(record);
    }
    await this.#locked(() => this.#leaveAsFound());
  }

  /** Stops what processes that have gone left running, and puts back what they had handed over. */
  sweep(): Promise<void> {
    return this.#locked(async () => {
      await this.#stopAbandoned();
      await this.#leaveAsFound();
    });
  }

  async #stopAbandoned(): Promise<void> {
    const { boot } = this.#options;
    for (const record of this.#records.all()) {
      if (record.claim.bootId !== boot.bootId) this.#records.remove(record.claim.slot);
      else if (record.owner !== null && !this.#lives(record.owner)) await this.#stop(record);
    }
  }

  async #stop({ claim }: SlotRecord): Promise<void> {
    const problems = await stopClaimed(this.#tools(), [claim]);
    if (problems.length > 0) throw new ThermoclineError('TC_BUSY', problems.join(' '));
    const after = this.#records.of(claim.slot)?.claim ?? claim;
    this.#records.write({ claim: after, owner: null, purpose: '' });
  }

  /** Once nobody of us uses any slot. */
  async #leaveAsFound(): Promise<void> {
    const records = this.#records.all();
    if (records.some(({ owner }) => owner !== null)) return;
    if (
      await releasePool(
        this.#tools(),
        records.map(({ claim }) => claim),
      )
    ) {
      for (const { claim } of records) this.#records.remove(claim.slot);
    }
    await this.#putBackStat();
  }

  async #putBackStat(): Promise<void> {
    const { files, boot, patienceMs } = this.#options;
    const bootId = this.#records.handoverBootId;
    if (bootId === null) return;
    try {
      if (bootId === boot.bootId && !runningModules(files).includes('damon_stat')) {
        await patiently(() => files.write(STAT_SWITCH, 'Y'), patienceMs);
      }
    } catch (cause) {
      if (!(cause instanceof SysfsError)) throw cause;
      throw new ThermoclineError(
        'TC_BUSY',
        `DAMON_STAT was handed over and can't be switched on again (${cause.errno}): most likely ` +
          'somebody else has started a kdamond since. "thermocline restore" tries it again.',
        { cause },
      );
    }
    this.#records.handoverBootId = null;
  }

  #isFree(claim: Claim): boolean {
    const record = this.#records.of(claim.slot);
    const isEmpty = Object.keys(claim.written).length === Object.keys(EMPTY_SLOT).length;
    return (record === null || record.owner === null) && claim.writing === null && isEmpty;
  }

  #allInUse(): ThermoclineError {
    const users = this.#records
      .all()
      .flatMap(({ owner, purpose }) => (owner === null ? [] : `process ${owner.pid} (${purpose})`));
    return new ThermoclineError(
      'TC_BUSY',
      `All slots of the kernel's DAMON that Thermocline made are in use: ${users.join(', ')}. ` +
        'End one of these first.',
    );
  }

  #lives({ pid, startTicks, bootId }: ProcessIdentity): boolean {
    const { boot } = this.#options;
    return bootId === boot.bootId && boot.startTicksOf(pid) === startTicks;
  }

  /** Claims go into the record of their slot, whoever owns that. */
  #tools(): SlotTools {
    const { files, boot, patienceMs } = this.#options;
    const record = (claim: Claim) => {
      const known = this.#records.of(claim.slot);
      this.#records.write({ owner: null, purpose: '', ...known, claim });
    };
    return { files, boot, record, ...(patienceMs !== undefined && { patienceMs }) };
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    return withProcessLock(this.#records.folder, work);
  }
}

function isSame(a: ProcessIdentity | null, b: ProcessIdentity): boolean {
  return a?.pid === b.pid && a.startTicks === b.startTicks && a.bootId === b.bootId;
}
