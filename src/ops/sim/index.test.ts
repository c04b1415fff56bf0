import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { KernelRandom } from '../../base/random.ts';
import type {
  ChosenRegion,
  MonitoredTarget,
  OperationsContext,
  Outcome,
} from '../../core/operations.ts';
import { RegionTable } from '../../core/region-table.ts';
import { setRegions } from '../../core/set-regions.ts';
import { parseScenario, SimulatedMachine } from '../../host/sim/index.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME } from '../../params/defaults.ts';
import type {
  Action,
  AddressRange,
  Filter,
  OperationsId,
  Probe,
  Scheme,
} from '../../params/types.ts';
import { simOperations } from './index.ts';

const MIB = 2 ** 20;
const SAMPLE_US = 5_000;

interface Setup {
  readonly accesses?: string;
  readonly id?: OperationsId;
  readonly seed?: number;
  readonly kind?: string;
  readonly probes?: readonly Probe[];
  readonly addrUnit?: number;
}

/** A machine of two nodes with 64 MiB of data in one process, and operations on it. */
function setUp({ accesses = '', id = 'vaddr', seed = 1, kind = 'anon', ...more }: Setup) {
  const scenario = parseScenario(
    `seed: ${seed}
nodes: [{ sizeBytes: 256 MiB, tier: 0 }, { sizeBytes: 256 MiB, tier: 1 }]
swap: { sizeBytes: 1 GiB }
processes:
  - name: one
    vmas: [{ name: data, sizeBytes: 64 MiB, kind: ${kind} }]
    accesses: [${accesses}]`,
    'test',
  );
  const clock = new VirtualClock();
  const machine = new SimulatedMachine(scenario, clock);
  const regions = new RegionTable();
  const target: MonitoredTarget =
    id === 'paddr' ? { index: 0, regions } : { index: 0, pid: 1000, regions };
  const context: OperationsContext = {
    targets: [target],
    attrs: DEFAULT_ATTRS,
    probes: more.probes ?? [],
    addrUnit: more.addrUnit ?? 1,
    minRegionSize: 4096,
    random: new KernelRandom(seed),
    tick: 0,
    attributesOnly: false,
    setRegions: (to, ranges) => setRegions(to.regions, ranges, 4096),
  };
  const operations = simOperations(machine, id);
  const data = machine.processes[0]!.vmas[1]!;
  return { machine, clock, context, target, operations, data };
}

type World = ReturnType<typeof setUp>;

/** Samples `ticks` times; returns the counts of all regions. */
function sample({ operations, context, target, clock }: World, ticks: number): number[] {
  for (let tick = 0; tick < ticks; tick++) {
    operations.prepare!(context, target);
    clock.advance(SAMPLE_US);
    operations.check!(context, target);
  }
  return [...target.regions.nrAccesses.subarray(0, target.regions.nr)];
}

function apply(
  { operations, context, target }: World,
  action: Action,
  { start, end }: AddressRange,
  more: Partial<Scheme> & Partial<Pick<ChosenRegion, 'allowedByCore' | 'rejectUnmatched'>> = {},
): Outcome {
  const { allowedByCore = false, rejectUnmatched = false, ...fields } = more;
  const outcome = { applied: 0, filterPassed: 0 };
  const scheme = { ...DEFAULT_SCHEME, action, ...fields };
  const region = { target, start, end, scheme, schemeIndex: 0, allowedByCore, rejectUnmatched };
  operations.apply!(context, region, outcome);
  operations.passEnded?.(0);
  return outcome;
}

const uniform = (rate: number, more = '') =>
  `{ vma: data, pattern: uniform, ratePerSecond: ${rate} ${more} }`;

describe('accessed bits', () => {
  test.each([1, 20, 139, 1000])('of %d accesses a second are seen that often', (rate) => {
    const world = setUp({ accesses: uniform(rate) });
    const { start } = world.data;
    for (let row = 0; row < 1000; row++) {
      world.target.regions.append(start + row * 65536, start + (row + 1) * 65536);
    }
    const counts = sample(world, 100);
    const seen = counts.reduce((sum, count) => sum + count, 0) / 100_000;
    const chance = -Math.expm1(-rate * 0.005);
    const deviation = Math.sqrt((chance * (1 - chance)) / 100_000);
    expect(Math.abs(seen - chance)).toBeLessThan(4 * deviation + 1e-9);
  });

  test('are the same for the same seed, and others for another', () => {
    const run = (seed: number) => {
      const world = setUp({ accesses: uniform(100), seed });
      world.target.regions.append(world.data.start, world.data.start + 32 * MIB);
      world.target.regions.append(world.data.start + 32 * MIB, world.data.end);
      return Array.from({ length: 50 }, () => sample(world, 1).join());
    };
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });

  test('follow the phases, and the popularity of each page', () => {
    const zipf = '{ vma: data, pattern: zipf, layout: blocked, theta: 1.5, ratePerSecond: 40 }';
    const world = setUp({ accesses: zipf });
    const { start } = world.data;
    for (let block = 0; block < 32; block++) {
      world.target.regions.append(start + block * 2 * MIB, start + (block + 1) * 2 * MIB);
    }
    const counts = sample(world, 200);
    const rates = world.machine
      .groundTruth()[0]!
      .extents.filter((extent) => extent.end - extent.start === 2 * MIB)
      .map(({ accessesPerSecond }) => accessesPerSecond);
    const expected = rates.map((rate) => -Math.expm1(-rate * 0.005) * 200);
    for (const [block, count] of counts.entries()) {
      expect(Math.abs(count - expected[block]!)).toBeLessThan(5 * Math.sqrt(expected[block]!) + 1);
    }
    expect(Math.max(...counts)).toBeGreaterThan(150);
  });

  test('of huge pages tell of any access in 2 MiB', () => {
    const one = setUp({ accesses: uniform(0.5) });
    const huge = setUp({ accesses: uniform(0.5), kind: 'huge' });
    const [few, many] = [one, huge].map((world) => {
      world.target.regions.append(world.data.start, world.data.end);
      return sample(world, 200)[0]!;
    });
    // 0.25 % of the samples of small pages, 72 % of those of 512 together.
    expect(few!).toBeLessThan(5);
    expect(Math.abs(many! - 144)).toBeLessThan(25);
  });

  test('are never set where nothing is mapped', () => {
    const world = setUp({ accesses: uniform(1e6) });
    world.target.regions.append(world.data.start - 64 * MIB, world.data.start);
    world.target.regions.append(world.data.start, world.data.end);
    world.target.regions.append(world.data.end, world.data.end + 4096);
    expect(sample(world, 20)).toEqual([0, 20, 0]);
  });

  test('are found at physical addresses, wherever pages went', () => {
    const world = setUp({ accesses: uniform(1e6), id: 'paddr' });
    for (let row = 0; row < 8; row++) {
      world.target.regions.append(row * 64 * MIB, (row + 1) * 64 * MIB);
    }
    const hotRows = () => sample(world, 50).flatMap((count, row) => (count > 25 ? [row] : []));
    expect(hotRows()).toEqual([0]);
    world.machine.actions.migrate({ vma: world.data, start: 0, end: world.data.pages }, 1);
    world.target.regions.nrAccesses.fill(0);
    // Node 1 begins at 256 MiB.
    expect(hotRows()).toEqual([4]);
  });

  test('are found in core units, too', () => {
    const world = setUp({ accesses: uniform(1e6), id: 'paddr', addrUnit: 4096 });
    world.target.regions.append(1024, 8192);
    world.target.regions.append(32768, 65536);
    expect(sample(world, 20)).toEqual([20, 0]);
  });
});

describe('targets', () => {
  test('get three regions at first', () => {
    const world = setUp({});
    const { context, operations, target, machine } = world;
    operations.init!(context);
    const ranges = () =>
      Array.from({ length: target.regions.nr }, (_, row) => [
        target.regions.start[row],
        target.regions.end[row],
      ]);
    const whole = machine.processes[0]!.vmas.map(({ start, end }) => [start, end]);
    expect(ranges()).toEqual(whole);
  });

  test('keep the ranges that they come with until the first update', () => {
    const { context, operations, target, data } = setUp({});
    target.regions.append(data.start, data.end);
    operations.init!(context);
    expect(target.regions.nr).toBe(1);
    operations.update!(context);
    expect(target.regions.nr).toBe(3);
  });

  test('of fixed addresses are left alone', () => {
    const { operations } = setUp({ id: 'fvaddr' });
    expect(operations.init).toBeUndefined();
    expect(operations.update).toBeUndefined();
  });

  test('are valid while their process lives', () => {
    const { operations, target } = setUp({});
    expect(operations.targetValid!(target)).toBe(true);
    expect(operations.targetValid!({ ...target, pid: 4 })).toBe(false);
  });

  test('without a process draw no random numbers', () => {
    const { operations, context, target } = setUp({});
    const random = new KernelRandom(3);
    target.regions.append(0, 4096);
    operations.prepare!({ ...context, random }, { ...target, pid: 4 });
    expect(random.state).toEqual(new KernelRandom(3).state);
  });
});

describe('actions on virtual addresses', () => {
  test('succeed on the whole range or not at all, but work on what is mapped', () => {
    const world = setUp({});
    const { start, end } = world.data;
    expect(apply(world, 'pageout', { start, end: start + 8 * MIB })).toEqual({
      applied: 8 * MIB,
      filterPassed: 0,
    });
    expect(apply(world, 'pageout', { start: end - 8 * MIB, end: end + 4096 }).applied).toBe(0);
    expect(world.machine.processes[0]!.awayBytes).toBe(16 * MIB);
    expect(apply(world, 'willneed', { start, end }).applied).toBe(64 * MIB);
    expect(world.machine.processes[0]!.awayBytes).toBe(0);
  });

  test("don't include those on LRU lists", () => {
    const world = setUp({});
    expect(apply(world, 'lru_prio', world.data).applied).toBe(0);
  });

  test('migrate page by page, and count what moved', () => {
    const world = setUp({});
    const { start } = world.data;
    const first = { start, end: start + 16 * MIB };
    expect(apply(world, 'migrate_cold', first, { targetNid: 1 })).toEqual({
      applied: 16 * MIB,
      filterPassed: 0,
    });
    expect(apply(world, 'migrate_cold', first, { targetNid: 1 }).applied).toBe(0);
    expect(apply(world, 'migrate_cold', world.data, { targetNid: 1 }).applied).toBe(48 * MIB);
  });

  test('spread pages over nodes by weight, and leave them there', () => {
    const world = setUp({});
    const destinations = [
      { nid: 0, weight: 1 },
      { nid: 1, weight: 3 },
    ];
    expect(apply(world, 'migrate_hot', world.data, { destinations }).applied).toBe(48 * MIB);
    expect(apply(world, 'migrate_hot', world.data, { destinations }).applied).toBe(0);
  });

  test('make huge pages of whole 2 MiB only', () => {
    const world = setUp({});
    const { start } = world.data;
    apply(world, 'collapse', { start: start + 4096, end: start + 6 * MIB + 4096 });
    const huge = () => world.data.extents.list.filter((extent) => extent.huge);
    expect(huge().map((extent) => [extent.start, extent.end])).toEqual([[512, 1536]]);
    apply(world, 'nohugepage', world.data);
    expect(huge()).toEqual([]);
  });

  test('stat counts only what filters let through', () => {
    const world = setUp({});
    const anon: Filter = { type: 'anon', matching: true, allow: true };
    expect(apply(world, 'stat', world.data)).toEqual({ applied: 0, filterPassed: 0 });
    expect(apply(world, 'stat', world.data, { filters: [anon], rejectUnmatched: true })).toEqual({
      applied: 0,
      filterPassed: 64 * MIB,
    });
  });
});

describe('actions on physical addresses', () => {
  const all = { start: 0, end: 512 * MIB };
  const total = 64 * MIB + 2 * 132 * 1024;

  test('page out what is not young, and clear the bits of the rest', () => {
    const world = setUp({ id: 'paddr', accesses: uniform(1000, ', to: 0.25') });
    // Everything was touched when it was populated.
    expect(apply(world, 'pageout', all)).toEqual({ applied: 0, filterPassed: 0 });
    world.clock.advance(1_000_000);
    expect(apply(world, 'pageout', all)).toEqual({
      applied: total - 16 * MIB,
      filterPassed: total - 16 * MIB,
    });
    expect(world.machine.processes[0]!.residentBytes).toBe(16 * MIB);
  });

  test("page out young pages when a filter of the scheme's own says so", () => {
    const world = setUp({ id: 'paddr' });
    const young: Filter = { type: 'young', matching: true, allow: true };
    const more = { filters: [young], rejectUnmatched: true };
    expect(apply(world, 'pageout', all, more).applied).toBe(total);
  });

  test('take expected numbers where some pages are young', () => {
    const world = setUp({ id: 'paddr', accesses: uniform(1) });
    apply(world, 'pageout', all);
    world.clock.advance(500_000);
    const data = { start: world.data.extents.list[0]!.frame * 4096, end: 0 };
    const { applied } = apply(world, 'pageout', { ...data, end: data.start + 64 * MIB });
    expect(applied / (64 * MIB)).toBeCloseTo(Math.exp(-0.5), 3);
  });

  test('migrate to one node; destinations are not for physical memory', () => {
    const world = setUp({ id: 'paddr' });
    const destinations = [{ nid: 0, weight: 1 }];
    const more = { targetNid: 1, destinations };
    expect(apply(world, 'migrate_cold', all, more).applied).toBe(total);
    expect(world.operations.residentBytes!(world.context, world.target, 0, 512 * MIB, 1)).toBe(
      total,
    );
    expect(world.operations.residentBytes!(world.context, world.target, 0, 256 * MIB, -1)).toBe(0);
  });

  test('count in core units', () => {
    const world = setUp({ id: 'paddr', addrUnit: 4096 });
    expect(apply(world, 'lru_deprio', { start: 0, end: 131072 })).toEqual({
      applied: total / 4096,
      filterPassed: total / 4096,
    });
  });

  test('do nothing that takes virtual addresses', () => {
    const world = setUp({ id: 'paddr' });
    for (const action of ['willneed', 'cold', 'hugepage', 'nohugepage', 'collapse'] as const) {
      expect(apply(world, action, all)).toEqual({ applied: 0, filterPassed: 0 });
    }
    expect(apply(world, 'stat', all)).toEqual({ applied: 0, filterPassed: 0 });
  });

  test.each<[string, Filter, number]>([
    ['anon', { type: 'anon', matching: true, allow: true }, total],
    ['not anon', { type: 'anon', matching: false, allow: true }, 0],
    ['its cgroup', { type: 'memcg', matching: true, allow: true, memcgPath: '/one' }, total],
    ['another cgroup', { type: 'memcg', matching: true, allow: true, memcgPath: '/on' }, 0],
    [
      'huge pages',
      {
        type: 'hugepage_size',
        matching: true,
        allow: true,
        sizeBytes: { min: 2 * MIB, max: 'max' },
      },
      0,
    ],
    ['unmapped', { type: 'unmapped', matching: true, allow: true }, 0],
    ['active', { type: 'active', matching: true, allow: true }, 16 * MIB],
    ['not young', { type: 'young', matching: false, allow: true }, total - 16 * MIB],
  ])('let through what is %s', (_, filter, passed) => {
    const world = setUp({ id: 'paddr', accesses: uniform(1000, ', to: 0.25') });
    const young: Filter = { type: 'young', matching: true, allow: false };
    apply(world, 'stat', all, { filters: [young] });
    world.machine.actions.setLru({ vma: world.data, start: 0, end: world.data.pages / 4 }, 1);
    world.clock.advance(1_000_000);
    const rejectUnmatched = filter.allow;
    const outcome = apply(world, 'stat', all, { filters: [filter], rejectUnmatched });
    expect(outcome).toEqual({ applied: 0, filterPassed: passed });
  });

  test('go by the first filter that matches, and past filters the core has allowed', () => {
    const world = setUp({ id: 'paddr' });
    const filters: Filter[] = [
      { type: 'anon', matching: true, allow: false },
      { type: 'memcg', matching: true, allow: true, memcgPath: '/one' },
    ];
    expect(apply(world, 'stat', all, { filters }).filterPassed).toBe(0);
    const more = { filters, allowedByCore: true };
    expect(apply(world, 'stat', all, more).filterPassed).toBe(total);
  });
});

test('probes test the sampled page', () => {
  const anon = (matching: boolean, allow: boolean) =>
    ({ weight: 0, filters: [{ type: 'anon', matching, allow }] }) as const;
  const probes: Probe[] = [
    anon(true, true),
    anon(true, false),
    { weight: 0, filters: [] },
    { weight: 0, filters: [{ type: 'memcg', matching: true, allow: true, memcgPath: '/one' }] },
  ];
  const world = setUp({ id: 'paddr', probes });
  const { regions } = world.target;
  regions.countProbes();
  regions.append(4 * MIB, 8 * MIB);
  regions.append(256 * MIB, 512 * MIB);
  for (let tick = 0; tick < 3; tick++) {
    sample(world, 1);
    world.operations.probe!(world.context, world.target);
  }
  // The second region holds no page: nothing is anon there, and no cgroup's.
  expect([...regions.probeHits.subarray(0, 8)]).toEqual([3, 0, 3, 3, 0, 3, 3, 0]);
});

describe('blocks of 2 MiB', () => {
  const BLOCK = 2 * MIB;
  const whole: AddressRange = { start: 0, end: 256 * MIB };
  const onNode = ({ machine }: World) => machine.metrics.nodeMemory(0)!.free * 4096;

  test('are taken with their content moved out of the way, and given back', () => {
    const world = setUp({ id: 'paddr' });
    const freeBefore = onNode(world);
    // The process's 64 MiB lie in front, so half of this is in use.
    const range = { start: 32 * MIB, end: 96 * MIB };
    expect(apply(world, 'alloc', range).applied).toBe(64 * MIB);
    expect(onNode(world)).toBe(freeBefore - 64 * MIB);
    expect(world.data.missingPages).toBe(0);
    const within = world.machine
      .mappedFrames()
      .filter(({ address }) => address >= range.start && address < range.end);
    expect(within).toEqual([]);
    expect(apply(world, 'free', whole).applied).toBe(64 * MIB);
    expect(onNode(world)).toBe(freeBefore);
  });

  test('are taken whole or not at all, and once', () => {
    const world = setUp({ id: 'paddr' });
    expect(apply(world, 'alloc', { start: MIB, end: 5 * MIB }).applied).toBe(BLOCK);
    expect(apply(world, 'alloc', { start: 0, end: 8 * MIB }).applied).toBe(3 * BLOCK);
    expect(world.machine.blocks.owned()).toHaveLength(4);
  });

  test('are left where their content has nowhere to go, and the others are taken', () => {
    const world = setUp({ id: 'paddr' });
    // 192 MiB of the node are free, less its reserve and a little heap and stack.
    const { applied } = apply(world, 'alloc', whole);
    expect(applied).toBeGreaterThanOrEqual(188 * MIB);
    expect(applied).toBeLessThan(192 * MIB);
    expect(applied % BLOCK).toBe(0);
    expect(world.data.missingPages).toBe(0);
  });

  test('that a listener refuses are not taken, and those that it vetoes not given back', () => {
    const world = setUp({ id: 'paddr' });
    const { blocks } = world.machine;
    const told: string[] = [];
    blocks.listener = {
      taken: (address) => told.push(`taken ${address / MIB}`) > 0 && address !== 4 * MIB,
      returning: (address) => told.push(`returning ${address / MIB}`) > 0 && address !== 2 * MIB,
    };
    const range = { start: 2 * MIB, end: 8 * MIB };
    const before = onNode(world);
    expect(apply(world, 'alloc', range).applied).toBe(2 * BLOCK);
    expect(onNode(world)).toBe(before - 2 * BLOCK);
    expect(apply(world, 'free', range).applied).toBe(BLOCK);
    expect(blocks.owned()).toEqual([512]);
    expect(told).toEqual(['taken 2', 'taken 4', 'taken 6', 'returning 2', 'returning 6']);
  });

  test('hold unmovable pages in the share that the scenario says', () => {
    const scenario = parseScenario(
      `nodes: [{ sizeBytes: 4 GiB, unmovableShare: 0.05 }]
processes: [{ name: one, vmas: [{ name: data, sizeBytes: 4 KiB }] }]`,
      'test',
    );
    const machine = new SimulatedMachine(scenario, new VirtualClock());
    const taken = machine.actions.alloc(0, 2 ** 20, 9) / 512;
    expect(2048 - taken).toBeGreaterThan(2048 * 0.04);
    expect(2048 - taken).toBeLessThan(2048 * 0.06);
  });
});

test("capabilities name what each address space can't do", () => {
  const missing = (id: OperationsId) =>
    simOperations(setUp({}).machine, id)
      .capabilities()
      .filter(({ available }) => !available)
      .map(({ name }) => name);
  expect(missing('vaddr')).toEqual(['lru_prio', 'lru_deprio', 'alloc', 'free', 'probes']);
  expect(missing('paddr')).toEqual(['willneed', 'cold', 'hugepage', 'nohugepage', 'collapse']);
});

test('priorities are those of the kernel', () => {
  const by = (id: OperationsId, action: Action) =>
    simOperations(setUp({}).machine, id).priority!(action);
  expect(by('vaddr', 'pageout')).toBe('cold');
  expect(by('vaddr', 'lru_prio')).toBe('none');
  expect(by('vaddr', 'cold')).toBe('none');
  expect(by('paddr', 'lru_prio')).toBe('hot');
  expect(by('paddr', 'lru_deprio')).toBe('cold');
  expect(by('paddr', 'migrate_hot')).toBe('hot');
});
