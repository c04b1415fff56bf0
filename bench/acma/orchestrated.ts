/**
 * What is done today with four features of the kernel: DAMON_RECLAIM pages out what is cold, the
 * guest's kernel compacts now and then, free page reporting hands whole free blocks to the host
 * until they are touched, and sections of 128 MiB are unplugged when plenty is free.
 */
import type { GuestController } from '../../src/control/acma/plant-run.ts';
import type { SimulatedGuest } from '../../src/control/acma/simulated-guest.ts';
import type { Scenario } from '../../src/host/sim/index.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, NO_QUOTA } from '../../src/params/defaults.ts';
import type { Scheme } from '../../src/params/types.ts';
import { watchOnly } from './watch-only.ts';

const SECTION_PAGES = 2 ** 15;
const BLOCK_PAGES = 512;
const COMPACT_EVERY_S = 10;
const PLUG_EVERY_S = 5;
/** Free memory from which on a section is unplugged, and below which one is plugged back. */
const PLENTY_BYTES = 512 * 2 ** 20;
const SHORT_BYTES = 128 * 2 ** 20;

/** The module's presets with intervals tuned, and the pressure that is acceptable as its goal. */
function damonReclaim(targetUs: number): Scheme {
  return {
    ...DEFAULT_SCHEME,
    action: 'pageout',
    pattern: {
      sizeBytes: { min: 4096, max: 'max' },
      nrAccesses: { min: 0, max: 0 },
      age: { min: 60, max: 'max' },
    },
    quota: {
      ...NO_QUOTA,
      timeMs: 10,
      sizeBytes: 128 * 2 ** 20,
      resetIntervalMs: 1000,
      weights: { sizePermil: 0, nrAccessesPermil: 0, agePermil: 1 },
      goals: [{ metric: 'some_mem_psi_us', targetValue: targetUs, currentValue: 0 }],
    },
  };
}

/** One controller for one run. */
export function orchestrated(scenario: Scenario): GuestController {
  const targetUs = Math.max(1, Math.round(scenario.acma!.pressureShare * 1e6));
  let second = 0;
  return {
    // 120 s of age are 60 windows of 2 s: about what interval tuning comes to on these guests.
    params: watchOnly(
      scenario,
      { ...DEFAULT_ATTRS, sampleIntervalUs: 100_000, aggregationIntervalUs: 2_000_000 },
      [damonReclaim(targetUs)],
    ),
    everySecond(guest) {
      second += 1;
      if (second % COMPACT_EVERY_S === 0) compact(guest);
      if (second % PLUG_EVERY_S === 0) plug(guest);
    },
    // A floor holds for what is billed as well: reporting can't be kept from going below it.
    billedBytes: (guest) =>
      Math.max(
        guest.spec.minBytes,
        guest.sizeBytes - guest.machine.blocks.nrFree(BLOCK_PAGES) * BLOCK_PAGES * 4096,
      ),
  };
}

/** Moves memory out of blocks that are mostly free, from the top down. */
function compact({ machine }: SimulatedGuest): void {
  const { blocks, memory } = machine;
  for (const { frames } of memory.nodes) {
    const last = Math.floor((frames.first + frames.size) / BLOCK_PAGES) - 1;
    for (let block = last; block * BLOCK_PAGES >= frames.first; block--) {
      const free = frames.freeWithin(block * BLOCK_PAGES, BLOCK_PAGES);
      if (free === 0 || free === BLOCK_PAGES || free < BLOCK_PAGES / 2) continue;
      if (blocks.take(block * BLOCK_PAGES, BLOCK_PAGES) === 'taken') {
        blocks.giveBack(block * BLOCK_PAGES);
      }
    }
  }
}

/** Tries one section a time, the highest first; one that can't be emptied stays. */
function plug(guest: SimulatedGuest): void {
  const { blocks } = guest.machine;
  const nrSections = Math.floor(guest.totalBytes / 4096 / SECTION_PAGES);
  if (guest.freeBytes < SHORT_BYTES) {
    const lowest = Math.min(...blocks.owned());
    if (Number.isFinite(lowest)) blocks.giveBack(lowest);
    return;
  }
  if (guest.freeBytes < PLENTY_BYTES || guest.sizeBytes <= guest.spec.minBytes) return;
  for (let section = nrSections - 1; section >= 0; section--) {
    if (blocks.take(section * SECTION_PAGES, SECTION_PAGES) === 'taken') return;
  }
}
