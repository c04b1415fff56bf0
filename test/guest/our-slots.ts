/** The layer that drives the kernel's DAMON, on the kernel of a guest. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Boot, Claim } from '../../src/kernel/claim.ts';
import type { Features } from '../../src/kernel/features.ts';
import { heldAtStart, withHeldBack } from '../../src/kernel/first-window.ts';
import type { OwnedSlot, SlotTools } from '../../src/kernel/owned-slot.ts';
import { claimSlots, releasePool, stopClaimed } from '../../src/kernel/ownership.ts';
import { readParams } from '../../src/kernel/read-back.ts';
import {
  readEffectiveQuotaBytes,
  readSchemeStats,
  readTriedRegions,
} from '../../src/kernel/read-results.ts';
import { RealSysfs } from '../../src/kernel/real-sysfs.ts';
import type { SchemeStats, Snapshot } from '../../src/params/snapshot.ts';
import type { Params, Scheme } from '../../src/params/types.ts';
import { switchDamonStatOff } from './hand-made-kdamond.ts';
import { assertInGuest } from './harness.ts';
import { until } from './memory-figures.ts';

const boot: Boot = {
  bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  startTicksOf(pid) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[22 - 3]);
    } catch {
      return null;
    }
  },
};

/** Slots of this kernel, of which nothing is left at the end. */
export class OurSlots implements AsyncDisposable {
  readonly files: RealSysfs;
  readonly tools: SlotTools;
  readonly #claims = new Map<number, Claim>();

  constructor() {
    assertInGuest();
    this.files = new RealSysfs('/sys', { allowRealTree: true });
    const record = (claim: Claim) => void this.#claims.set(claim.slot, claim);
    this.tools = { files: this.files, boot, record };
  }

  get claims(): Claim[] {
    return [...this.#claims.values()];
  }

  async take(): Promise<{ slot: OwnedSlot; features: Features }> {
    const [slot] = await claimSlots(this.tools, this.claims);
    // The kernel stays what it is, and asking takes half a second.
    features ??= await slot!.probe();
    return { slot: slot!, features };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    assert.deepEqual(await stopClaimed(this.tools, this.claims), []);
    await releasePool(this.tools, this.claims);
  }
}

let features: Features | null = null;

/** What this kernel's DAMON has, found out at most once. */
export async function kernelFeatures(): Promise<Features> {
  if (features !== null) return features;
  await using slots = new OurSlots();
  return (await slots.take()).features;
}

/** A kdamond of ours that runs until the end of its block. */
export class RunningDamon implements AsyncDisposable {
  readonly #slots: OurSlots;
  readonly #slot: OwnedSlot;
  readonly #features: Features;
  #params: Params;

  /**
   * Switches DAMON_STAT off, which would be in the way, and waits until the limits of schemes that
   * act are in force.
   */
  static async start(params: Params): Promise<RunningDamon> {
    switchDamonStatOff();
    const slots = new OurSlots();
    try {
      const taken = await slots.take();
      const held = heldAtStart(params.schemes, taken.features);
      const begun = withHeldBack(params, held);
      await taken.slot.start(begun, taken.features);
      const damon = new RunningDamon(slots, taken.slot, taken.features, begun);
      for (const index of held) {
        await until(async () => (await damon.effectiveBytes(index)) > 0n, 'a limit in force');
      }
      await damon.commit({ schemes: params.schemes });
      return damon;
    } catch (error) {
      await slots[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(slots: OurSlots, slot: OwnedSlot, features: Features, params: Params) {
    this.#slots = slots;
    this.#slot = slot;
    this.#features = features;
    this.#params = params;
  }

  get params(): Params {
    return this.#params;
  }

  /** A file of the slot, as it is. */
  read(file: string): string {
    const { slot } = this.#slot.claim;
    return this.#slots.files.read(`kernel/mm/damon/admin/kdamonds/${slot}/${file}`).trimEnd();
  }

  /** Past the layer, as somebody else would. */
  write(file: string, text: string): void {
    const { slot } = this.#slot.claim;
    writeFileSync(`/sys/kernel/mm/damon/admin/kdamonds/${slot}/${file}`, text);
  }

  /** The parameters that the files of the slot say. */
  readParams(): Params | null {
    return readParams(this.#slots.files, this.#slot.claim.slot);
  }

  async commit(change: Partial<Params>): Promise<void> {
    const after = { ...this.#params, ...change };
    await this.#slot.commit(this.#params, after, this.#features);
    this.#params = after;
  }

  /** Changes the scheme at `index` by a commit. */
  async commitScheme(change: Partial<Scheme>, index = 0): Promise<void> {
    const schemes = this.#params.schemes.with(index, {
      ...this.#params.schemes[index]!,
      ...change,
    });
    await this.commit({ schemes });
  }

  async stats(index = 0): Promise<SchemeStats> {
    await this.#slot.query('update_schemes_stats');
    const { slot } = this.#slot.claim;
    return readSchemeStats(this.#slots.files, slot, index, this.#params.addrUnit);
  }

  async effectiveBytes(index = 0): Promise<bigint> {
    await this.#slot.query('update_schemes_effective_quotas');
    const { slot } = this.#slot.claim;
    return readEffectiveQuotaBytes(this.#slots.files, slot, index, this.#params.addrUnit)!;
  }

  /** Has the intervals that are in force written to their files. */
  updateTunedIntervals(): Promise<void> {
    return this.#slot.query('update_tuned_intervals');
  }

  /** The regions that one pass of the scheme at `index` tried. */
  async tried(index = 0): Promise<Snapshot> {
    await this.ask();
    return this.readTried(index);
  }

  /** Has the regions of the next pass of each scheme written to their files. */
  ask(): Promise<void> {
    return this.#slot.query('update_schemes_tried_regions');
  }

  readTried(index = 0): Snapshot {
    return readTriedRegions(
      this.#slots.files,
      this.#slot.claim.slot,
      [{ schemeIndex: index, targetIndex: 0 }],
      {
        ...{ timeUs: 0, wallTimeUs: null, tick: 0, windowSamples: 20 },
        addrUnit: this.#params.addrUnit,
        targetPids: this.#params.targets.map(({ pid }) => pid ?? null),
        sampleIntervalUs: this.#params.attrs.sampleIntervalUs,
        aggregationIntervalUs: this.#params.attrs.aggregationIntervalUs,
      },
    );
  }

  /** Bytes that one pass of the scheme at `index` tried. */
  async triedBytes(index = 0): Promise<number> {
    await this.#slot.query('update_schemes_tried_bytes');
    return Number(this.read(`contexts/0/schemes/${index}/tried_regions/total_bytes`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#slots[Symbol.asyncDispose]();
  }
}
