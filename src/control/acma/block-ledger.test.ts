/** What becomes of blocks when whoever keeps their books dies: none is lost, none owned twice. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PAGE_SIZE, parseScenario, type Scenario } from '../../host/sim/index.ts';
import { stepBanks } from '../../policies/acma/banks.ts';
import { BLOCK_BYTES, WINDOW_BYTES } from '../../policies/acma/observation.ts';
import { stepAcma } from '../../policies/acma/step.ts';
import { Journal } from '../journal.ts';
import type { BlockNote } from './block-book.ts';
import { type BlockState, BlockTable } from './block-table.ts';
import { controlSimulatedGuest } from './simulated-control.ts';
import { SimulatedGuest } from './simulated-guest.ts';

const MIB = 2 ** 20;
const TOTAL = 512 * MIB;
const BLOCK_PAGES = BLOCK_BYTES / PAGE_SIZE;

/** Where a ledger is kept, and what is in it after a crash. */
interface Store {
  readonly note: BlockNote;
  known(): ReadonlyMap<number, BlockState>;
}

/** How a run goes wrong. */
interface Mishaps {
  /** The controller dies at these moments: before and after each write and each order. */
  readonly crashes: readonly number[];
  /** Blocks whose number is a multiple are refused when they are taken, or vetoed when returned. */
  readonly refuse: number;
  readonly veto: number;
  /** What decides; `stepAcma` by default. */
  readonly step?: typeof stepAcma;
  /** What somebody makes of the maximum meanwhile, in seconds and MiB. */
  readonly maximums?: readonly { readonly atSecond: number; readonly max: number }[];
}

class Crash extends Error {}

/** Runs to the end, with a new controller after each crash, and checks everything all the time. */
function runWith(scenario: Scenario, store: Store, mishaps: Mishaps) {
  const { crashes, refuse, veto, step, maximums = [] } = mishaps;
  const knobs = { ...scenario.acma! };
  let moment = 0;
  const cut = () => {
    if (crashes.includes(moment++)) throw new Crash();
  };
  const note: BlockNote = (state, ranges) => {
    cut();
    store.note(state, ranges);
    cut();
  };
  const start = () =>
    controlSimulatedGuest(
      scenario,
      () => knobs,
      () => {},
      { note, known: store.known() },
      step,
    );
  let controller = start();
  const guest = new SimulatedGuest(scenario, controller.params);
  const { driver } = guest.simulation;
  const commit = driver.commit.bind(driver);
  driver.commit = (params) => {
    cut();
    commit(params);
    cut();
  };
  guest.machine.blocks.listener = {
    taken: (address) => refuse === 0 || (address / BLOCK_BYTES) % refuse !== 0,
    returning: (address) => veto === 0 || (address / BLOCK_BYTES) % veto !== 0,
  };
  const { minBytes } = knobs;
  let wasBelowMax = false;
  for (let nr = 1; guest.nowUs < scenario.durationUs; nr++) {
    for (const { atSecond, max } of maximums) {
      if (nr !== atSecond * 10) continue;
      knobs.maxBytes = max * MIB;
      // Blocks that are on their way back arrive; by the next look it is below for good.
      wasBelowMax = false;
    }
    guest.runFor(100_000);
    try {
      controller.everyStep!(guest);
      if (nr % 10 === 0) controller.everySecond!(guest);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      controller = start();
    }
    if (nr % 3 === 0) check(guest, store);
    expect(guest.sizeBytes).toBeGreaterThanOrEqual(minBytes);
    if (wasBelowMax) expect(guest.sizeBytes).toBeLessThanOrEqual(knobs.maxBytes);
    wasBelowMax ||= nr % 10 === 9 && guest.sizeBytes <= knobs.maxBytes;
  }
  return { guest, nrMoments: moment };
}

/** Each frame is either free or in use or taken; what is taken stands in the ledger. */
function check({ machine }: SimulatedGuest, store: Store): void {
  const taken = machine.blocks.owned();
  const known = store.known();
  expect(taken.filter((frame) => !known.has(frame * PAGE_SIZE))).toEqual([]);
  const runs = machine.processes
    .flatMap(({ vmas }) => vmas)
    .flatMap(({ extents }) => extents.list)
    .filter(({ location }) => location >= 0)
    .map(({ start, end, frame }) => [frame, frame + end - start] as const);
  const blocks = taken.map((frame) => [frame, frame + BLOCK_PAGES] as const);
  const all = [...runs, ...blocks].sort(([a], [b]) => a - b);
  let before = 0;
  let held = 0;
  for (const [start, end] of all) {
    if (start < before) throw new Error(`frame ${start} belongs to two`);
    before = end;
    held += end - start;
  }
  const free = machine.memory.nodes.reduce((sum, { frames }) => sum + frames.freeCount, 0);
  expect(free + held).toBe(TOTAL / PAGE_SIZE);
}

function scenario(
  change: { hot?: number; growth?: number; unmovable?: number; max?: number; guest?: string } = {},
) {
  const { hot = 96, growth = 160, unmovable = 0, max = 512, guest = '' } = change;
  return parseScenario(
    `durationMs: 50 s
nodes: [{ sizeBytes: 512 MiB, unmovableShare: ${unmovable} }]
swap: { sizeBytes: 1 GiB, latencyUs: 6 }
acma: { minBytes: 128 MiB, maxBytes: ${max} MiB, guest: { ${guest} } }
processes:
  - name: server
    vmas:
      - { name: data, sizeBytes: ${hot} MiB }
      - { name: growth, sizeBytes: ${growth} MiB, populated: false }
    accesses: [{ vma: data, pattern: uniform, ratePerSecond: 2 }]
    phases:
      - { durationMs: 25 s, accesses: [] }
      - { durationMs: 25 s, accesses: [{ vma: growth, pattern: uniform, ratePerSecond: 2 }] }
    repeat: false`,
    'test',
  );
}

/** A table in memory. */
function memoryStore(): Store {
  const table = new BlockTable();
  return {
    note: (state, ranges) => table.apply({ guest: 'sim', state, ranges }),
    known: () => table.of('sim'),
  };
}

test('a crash at any moment leaves each block with its guest or in the ledger', () => {
  const { nrMoments } = runWith(scenario(), memoryStore(), { crashes: [], refuse: 0, veto: 0 });
  expect(nrMoments).toBeGreaterThan(40);
  for (let moment = 0; moment < nrMoments; moment += moment < 24 ? 1 : 3) {
    const store = memoryStore();
    const { guest } = runWith(scenario(), store, { crashes: [moment], refuse: 0, veto: 0 });
    const out = new Set(guest.machine.blocks.owned().map((frame) => frame * PAGE_SIZE));
    // That what is taken stands in the ledger was checked all the time; here the other way round.
    const other = [...store.known()].filter(([address]) => !out.has(address));
    expect(other.filter(([, state]) => state !== 'taking')).toEqual([]);
  }
}, 60_000);

test('the ledger in a journal says the same after each crash as one in memory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  try {
    const journal = Journal.create(folder, 'test');
    const memory = memoryStore();
    const store: Store = {
      note(state, ranges) {
        journal.recordBlocks({ guest: 'sim', state, ranges });
        memory.note(state, ranges);
      },
      known() {
        using again = Journal.open(journal.file);
        expect(again.blocks('sim')).toEqual(memory.known());
        return again.blocks('sim');
      },
    };
    runWith(scenario(), store, { crashes: [1, 5, 9, 14, 30], refuse: 0, veto: 0 });
    expect(memory.known().size).toBeGreaterThan(0);
    journal[Symbol.dispose]();
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

test('sizes stay within the knobs and blocks stay whole, whatever goes wrong or changes', () => {
  const arbitrary = fc.record({
    hot: fc.integer({ min: 8, max: 200 }),
    growth: fc.integer({ min: 8, max: 240 }),
    unmovable: fc.constantFrom(0, 0.05, 0.3),
    max: fc.constantFrom(320, 512),
    guest: fc.constantFrom(
      '',
      'delayMs: 2500',
      'liesFromMs: 20 s',
      'silentFromMs: 20 s',
      'bytesPerSecond: 16 MiB',
    ),
    crashes: fc.uniqueArray(fc.nat(80), { maxLength: 4 }),
    refuse: fc.constantFrom(0, 2, 7),
    veto: fc.constantFrom(0, 2, 5),
    byBanks: fc.boolean(),
    maximums: fc.array(
      fc.record({
        atSecond: fc.integer({ min: 1, max: 48 }),
        max: fc.integer({ min: 64, max: 256 }).map((nr) => 2 * nr),
      }),
      { maxLength: 4 },
    ),
  });
  const banks: typeof stepAcma = (observation, state, knobs) =>
    stepBanks(observation, state, knobs, 2 * WINDOW_BYTES);
  fc.assert(
    fc.property(arbitrary, ({ crashes, refuse, veto, byBanks, maximums, ...change }) => {
      const step = byBanks ? banks : stepAcma;
      runWith(scenario(change), memoryStore(), { crashes, refuse, veto, step, maximums });
    }),
    { numRuns: 12 },
  );
}, 60_000);
