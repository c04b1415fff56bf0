import { describe, expect, test } from 'vitest';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, NO_QUOTA } from '../params/defaults.ts';
import type { Params } from '../params/types.ts';
import { FakeDamonSysfs, type Release } from '../testing/fake-damon-sysfs.ts';
import type { Boot, Claim } from './claim.ts';
import { probeOwnSlot } from './features.ts';
import type { OwnedSlot, SlotTools } from './owned-slot.ts';
import { claimSlots, releasePool, stopClaimed } from './ownership.ts';
import { readParams } from './read-back.ts';
import { ADMIN_FOLDER, readValue, type SysfsFiles, slotIndexes, slotPath } from './sysfs-files.ts';

const boot: Boot = { bootId: 'this boot', startTicksOf: (pid) => pid * 7 };

/** What a process throws that is killed. */
class Killed extends Error {}

/** The journal that outlives processes, and the writes of one of them, which ends after `steps`. */
class World {
  readonly fake: FakeDamonSysfs;
  readonly journal = new Map<number, Claim>();
  /** Files that processes of ours have written to. */
  readonly written = new Set<string>();
  #steps = Number.POSITIVE_INFINITY;
  #done = 0;

  constructor(fake: FakeDamonSysfs = new FakeDamonSysfs()) {
    this.fake = fake;
  }

  get claims(): Claim[] {
    return [...this.journal.values()];
  }

  /** Writes and records that were made since the process began. */
  get done(): number {
    return this.#done;
  }

  /** Another process, which is killed when it is about to make one more step than these. */
  process(steps = Number.POSITIVE_INFINITY, on: Boot = boot): SlotTools {
    this.#steps = steps;
    this.#done = 0;
    const { fake, written } = this;
    const step = () => {
      if (this.#done >= this.#steps) throw new Killed();
      this.#done += 1;
    };
    const files: SysfsFiles = {
      read: (path) => fake.read(path),
      list: (path) => fake.list(path),
      exists: (path) => fake.exists(path),
      async write(path, text) {
        step();
        written.add(path);
        await fake.write(path, text);
      },
    };
    const record = (claim: Claim) => {
      step();
      this.journal.set(claim.slot, JSON.parse(JSON.stringify(claim)) as Claim);
    };
    return { files, boot: on, record, patienceMs: 0 };
  }

  slotsOn(): number[] {
    const { fake } = this;
    return slotIndexes(fake).filter((slot) => readValue(fake, slotPath(slot, 'state')) === 'on');
  }
}

const acting: Params = {
  operations: 'vaddr',
  addrUnit: 1,
  minRegionSize: 4096,
  attrs: {
    ...DEFAULT_ATTRS,
    intervalsGoal: {
      accessBp: 400,
      aggregations: 3,
      minSampleIntervalUs: 5_000,
      maxSampleIntervalUs: 10_000_000,
    },
  },
  targets: [{ pid: 42, regions: [], obsolete: false }],
  probes: [],
  schemes: [
    {
      ...DEFAULT_SCHEME,
      action: 'pageout',
      quota: {
        ...NO_QUOTA,
        sizeBytes: 2 ** 20,
        goals: [{ metric: 'user_input', targetValue: 10_000, currentValue: 0 }],
      },
      filters: [{ type: 'anon', matching: true, allow: true }],
    },
  ],
  paused: false,
};

const [scheme] = acting.schemes;

const changed: Params = {
  ...acting,
  schemes: [
    { ...scheme!, action: 'cold', filters: [...scheme!.filters, scheme!.filters[0]!] },
    { ...DEFAULT_SCHEME, action: 'stat' },
  ],
};

const fed: Params = {
  ...changed,
  schemes: changed.schemes.map((one) => ({
    ...one,
    quota: { ...one.quota, goals: one.quota.goals.map((goal) => ({ ...goal, currentValue: 9 })) },
  })),
};

async function featuresOf(release: Release) {
  const files = new FakeDamonSysfs({ release });
  await files.write(`${ADMIN_FOLDER}/kdamonds/nr_kdamonds`, '1');
  return probeOwnSlot(files, 0);
}

/** All that a process does with slots, from the first to the last. */
async function wholeLife(tools: SlotTools, world: World, between = async () => {}) {
  const slots = await claimSlots(tools, world.claims);
  await between();
  const [first, second] = slots as [OwnedSlot, OwnedSlot];
  const features = await first.probe();
  await first.start(acting, features);
  world.fake.runFor(200_000);
  await first.query('update_schemes_stats');
  await first.commit(acting, changed, features);
  await second.start(changed, features);
  await first.commit(changed, fed, features);
  await first.stop();
  await second.stop();
  await releasePool(tools, world.claims);
}

/** Somebody else who sets up a slot and, if `on`, starts it. */
async function intrude(fake: FakeDamonSysfs, slot: number, on: boolean) {
  const write = (file: string, text: string) => fake.write(slotPath(slot, file), text);
  await write('contexts/nr_contexts', '1');
  await write('contexts/0/targets/nr_targets', '1');
  await write('contexts/0/targets/0/pid_target', '7');
  await write('contexts/0/schemes/nr_schemes', '1');
  await write('contexts/0/schemes/0/action', 'cold');
  if (on) await write('state', 'on');
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: Error & { code: string }) => error,
  );

describe('slots', () => {
  test('are made as a pool of eight where there are none, and removed at the end', async () => {
    const world = new World();
    const slots = await claimSlots(world.process(), []);
    expect(slots.map(({ claim }) => claim.slot)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(slotIndexes(world.fake)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await releasePool(world.process(), world.claims)).toBe(true);
    expect(slotIndexes(world.fake)).toEqual([]);
  });

  test.each([
    [0, false, 'a slot that Thermocline did not make (slot 0 is set up and off)'],
    [0, true, 'a slot that Thermocline did not make (slot 0 runs kdamond 1000)'],
    [null, false, 'a slot that Thermocline did not make (slot 0 is empty)'],
  ])('are refused while others have some: slot %s, running: %s', async (slot, on, sentence) => {
    const world = new World();
    await world.fake.write(`${ADMIN_FOLDER}/kdamonds/nr_kdamonds`, '1');
    if (slot !== null) await intrude(world.fake, slot, on);
    const before = world.fake.dump();
    const error = await failure(claimSlots(world.process(), []));
    expect([error!.code, error!.message]).toEqual([
      'TC_BUSY',
      `The kernel's DAMON has ${sentence}, and more can be made only when there are none. Have ` +
        'them removed by the tool that made them, or watch without --kernel.',
    ]);
    expect(world.done).toBe(0);
    expect(world.fake.dump()).toEqual(before);
  });

  test('that a later process finds as they were left are its own', async () => {
    const world = new World();
    const [slot] = await claimSlots(world.process(), []);
    await slot!.start(acting, new Map());
    world.fake.runFor(1_000_000);
    const again = await claimSlots(world.process(), world.claims);
    expect(again.map(({ claim }) => claim.slot)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    await again[0]!.query('update_schemes_stats');
    await again[0]!.stop();
    expect(world.slotsOn()).toEqual([]);
  });

  test('of an earlier boot are not ours, whatever they look like', async () => {
    const world = new World();
    await (await claimSlots(world.process(), []))[0]!.start(acting, new Map());
    const later = { ...boot, bootId: 'another boot' };
    const process = world.process(Number.POSITIVE_INFINITY, later);
    expect((await failure(claimSlots(process, world.claims)))!.code).toBe('TC_BUSY');
    expect(await stopClaimed(process, world.claims)).toEqual([]);
    expect(world.slotsOn()).toEqual([0]);
  });

  test('whose worker got its number later are not ours', async () => {
    const world = new World();
    await (await claimSlots(world.process(), []))[0]!.start(acting, new Map());
    const reused = { ...boot, startTicksOf: (pid: number) => pid * 8 };
    const process = world.process(Number.POSITIVE_INFINITY, reused);
    const slots = await claimSlots(process, world.claims);
    expect(slots.map(({ claim }) => claim.slot)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await stopClaimed(process, world.claims)).toEqual([]);
    expect(world.slotsOn()).toEqual([0]);
  });

  test('that somebody else has started again are not ours', async () => {
    const world = new World();
    const sameTicks = { ...boot, startTicksOf: () => 1 };
    const process = world.process(Number.POSITIVE_INFINITY, sameTicks);
    await (await claimSlots(process, []))[0]!.start(acting, new Map());
    await world.fake.write(slotPath(0, 'state'), 'off');
    await world.fake.write(slotPath(0, 'state'), 'on');
    expect(await stopClaimed(process, world.claims)).toEqual([]);
    expect(world.slotsOn()).toEqual([0]);
  });

  test('that were left half written and then started by somebody else are not ours', async () => {
    const world = new World();
    const tools = world.process(40);
    const [slot] = await claimSlots(tools, []);
    await expect(slot!.start(acting, new Map())).rejects.toBeInstanceOf(Killed);
    expect(world.claims[0]!.writing).not.toBeNull();
    await world.fake.write(slotPath(0, 'state'), 'on');
    expect(await stopClaimed(world.process(), world.claims)).toEqual([]);
    expect(world.slotsOn()).toEqual([0]);
  });

  test('that somebody else made anew, in another number, are not ours', async () => {
    const world = new World();
    await claimSlots(world.process(), []);
    await world.fake.write(`${ADMIN_FOLDER}/kdamonds/nr_kdamonds`, '1');
    expect((await failure(claimSlots(world.process(), world.claims)))!.code).toBe('TC_BUSY');
  });

  test('that others made after ours were given up are not ours', async () => {
    const world = new World();
    await claimSlots(world.process(), []);
    await releasePool(world.process(), world.claims);
    for (const nr of ['8', '1']) {
      await world.fake.write(`${ADMIN_FOLDER}/kdamonds/nr_kdamonds`, nr);
      expect((await failure(claimSlots(world.process(), world.claims)))!.code).toBe('TC_BUSY');
      expect(world.done).toBe(0);
    }
  });
});

describe('a slot of ours that somebody else has changed', () => {
  const file = 'contexts/0/schemes/0/quotas/bytes';

  async function meddledWith() {
    const world = new World();
    const [slot] = await claimSlots(world.process(), []);
    await slot!.start(acting, new Map());
    await world.fake.write(slotPath(0, file), '1');
    return { world, slot: slot! };
  }

  test('gets no command and no write', async () => {
    const { world, slot } = await meddledWith();
    const before = world.fake.dump();
    const why =
      `it has been changed: ${file} reads 1 where Thermocline wrote 1048576. Use another slot, or ` +
      'stop the other one with the tool that started it.';
    const tried = [
      ['changed', () => slot.commit(acting, changed, new Map())],
      ['asked', () => slot.query('update_schemes_stats')],
      ['started', () => slot.start(changed, new Map())],
    ] as const;
    for (const [what, work] of tried) {
      expect((await failure(work()))!.message).toBe(
        `Slot 0 of the kernel's DAMON is not ${what}: ${why}`,
      );
    }
    expect(world.fake.dump()).toEqual(before);
  });

  test('is stopped all the same if we started it, and its files are left', async () => {
    const { world, slot } = await meddledWith();
    await slot.stop();
    expect(world.slotsOn()).toEqual([]);
    expect(readValue(world.fake, slotPath(0, file))).toBe('1');
  });

  test('is not started when the change comes while we write', async () => {
    const world = new World();
    const tools = world.process();
    const [slot] = await claimSlots(tools, []);
    const meddled: SysfsFiles = {
      ...tools.files,
      async write(path, text) {
        await tools.files.write(path, text);
        if (path.endsWith('max_nr_snapshots')) await world.fake.write(slotPath(0, file), '1');
      },
    };
    const claims = [slot!.claim];
    const [again] = await claimSlots({ ...tools, files: meddled }, claims);
    const error = await failure(again!.start(acting, new Map()));
    expect(error!.message).toContain(`not used: it has been changed: ${file} reads 1`);
    expect(world.slotsOn()).toEqual([]);
    expect(readValue(world.fake, slotPath(0, file))).toBe('1');
  });
});

test('a kdamond that ends by itself right before it is stopped has been stopped', async () => {
  const world = new World(new FakeDamonSysfs({ release: '6.12' }));
  const tools = world.process();
  const [slot] = await claimSlots(tools, []);
  const plain: Params = { ...acting, attrs: DEFAULT_ATTRS, schemes: [] };
  await slot!.start(plain, await featuresOf('6.12'));
  const files: SysfsFiles = {
    ...tools.files,
    async write(path, text) {
      if (text === 'off') await world.fake.write(path, text);
      await tools.files.write(path, text);
    },
  };
  const [again] = await claimSlots({ ...tools, files }, world.claims);
  await again!.stop();
  expect(again!.claim.kdamond).toBeNull();
});

test('a slot whose change was interrupted can be stopped and started again only', async () => {
  const world = new World();
  const [slot] = await claimSlots(world.process(), []);
  await slot!.start(acting, new Map());
  const [killed] = await claimSlots(world.process(4), world.claims);
  await expect(killed!.commit(acting, changed, new Map())).rejects.toBeInstanceOf(Killed);
  const [again] = await claimSlots(world.process(), world.claims);
  expect((await failure(again!.commit(acting, changed, new Map())))!.message).toBe(
    "Slot 0 of the kernel's DAMON is not changed: an earlier change was interrupted there. " +
      'Stop it and start it again.',
  );
  await again!.query('update_schemes_stats');
  await again!.stop();
  await again!.start(changed, new Map());
  expect(world.slotsOn()).toEqual([0]);
});

test('a slot that runs is neither started nor probed', async () => {
  const world = new World();
  const [slot] = await claimSlots(world.process(), []);
  await slot!.start(acting, new Map());
  const before = world.fake.dump();
  for (const work of [() => slot!.start(changed, new Map()), () => slot!.probe()]) {
    expect((await failure(work()))!.message).toContain('it runs already. Change what runs');
  }
  expect(world.fake.dump()).toEqual(before);
});

test('what can not be stopped while another command blocks is told, and stopped later', async () => {
  const world = new World();
  const [slot] = await claimSlots(world.process(), []);
  await slot!.start(acting, new Map());
  world.fake.lockHeld = true;
  const problems = await stopClaimed(world.process(), world.claims);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/^Slot 0: .*EBUSY/);
  world.fake.lockHeld = false;
  expect(await stopClaimed(world.process(), world.claims)).toEqual([]);
  expect(world.slotsOn()).toEqual([]);
});

test('a kernel without DAMON is refused in a sentence', async () => {
  const nothing = { read: () => '', list: () => [], exists: () => false, write: async () => {} };
  const error = await failure(claimSlots({ files: nothing, boot, record: () => {} }, []));
  expect(error!.code).toBe('TC_UNSUPPORTED');
});

describe('what the kernel refuses', () => {
  test('leaves a start without a trace', async () => {
    const world = new World(new FakeDamonSysfs({ processExists: (pid) => pid !== 42 }));
    const [slot] = await claimSlots(world.process(), []);
    const before = world.fake.dump();
    const error = await failure(slot!.start(acting, new Map()));
    expect(error!.message).toMatch(/^Writing on to kdamonds\/0\/state failed with EINVAL/);
    expect(world.fake.dump()).toEqual(before);
    expect(slot!.claim.writing).toBeNull();
  });

  test('leaves the files of a commit as they were, and what runs too', async () => {
    const world = new World();
    const [slot] = await claimSlots(world.process(), []);
    await slot!.start(acting, new Map());
    const before = world.fake.dump(slotPath(0));
    const gone = { ...acting, targets: [{ pid: -5, regions: [], obsolete: false }] };
    const error = await failure(slot!.commit(acting, gone, new Map()));
    expect(error!.message).toMatch(/^Writing commit to kdamonds\/0\/state failed with EINVAL/);
    expect(world.fake.dump(slotPath(0))).toEqual(before);
    await slot!.commit(acting, changed, new Map());
    expect(readParams(world.fake, 0)!.schemes.length).toBe(2);
  });

  test('names the module that has DAMON for itself, and nothing is written', async () => {
    const world = new World(new FakeDamonSysfs({ statAtBoot: true }));
    const tools = world.process();
    const [slot] = await claimSlots(tools, []);
    const { done } = world;
    const error = await failure(slot!.start(acting, new Map()));
    expect([error!.code, error!.message]).toEqual([
      'TC_BUSY',
      "The kernel's module damon_stat runs, and DAMON serves nobody else meanwhile; " +
        '--handover damon_stat switches it off and puts it back at the end. Or watch without ' +
        '--kernel.',
    ]);
    expect(world.done).toBe(done);
  });
});

/** Whether and how slot 5 of our pool came to somebody else; and each how manyth step is tried. */
const intruders = [
  ['nobody else', null, 3],
  ['somebody who has set up slot 5', false, 3],
  ['somebody who runs slot 5', true, 1],
] as const;

describe.each(intruders)('beside %s, a process that is killed', (_, runs, stride) => {
  const between = (world: World) => async () => {
    if (runs !== null) await intrude(world.fake, 5, runs);
  };

  /** What the somebody has, once he has come. */
  const foreignPart = (world: World) =>
    world.fake.exists(slotPath(5, 'contexts/0')) ? world.fake.dump(slotPath(5)) : null;

  test('at any of its steps leaves what others stop for it, and nothing of others changes', async () => {
    const whole = new World();
    await wholeLife(whole.process(), whole, between(whole));
    const steps = whole.done;
    expect(steps).toBeGreaterThan(200);
    const others = foreignPart(whole);
    for (let step = 0; step < steps; step += stride) {
      const world = new World();
      const life = wholeLife(world.process(step), world, between(world));
      await expect(life).rejects.toBeInstanceOf(Killed);
      expect(await stopClaimed(world.process(), world.claims)).toEqual([]);
      expect([step, world.slotsOn()]).toEqual([step, runs && foreignPart(world) ? [5] : []]);
      if (foreignPart(world) !== null) expect(foreignPart(world)).toEqual(others);
      const theirs = slotPath(5, '');
      expect([...world.written].filter((path) => path.startsWith(theirs))).toEqual([]);
      // Whoever comes next has all slots again but the one that is somebody else's.
      const slots = await claimSlots(world.process(), world.claims);
      expect([step, slots.length]).toEqual([step, foreignPart(world) === null ? 8 : 7]);
    }
  });

  test('can be killed again while it cleans up', async () => {
    for (let step = 0; step < 30; step++) {
      const world = new World();
      const slots = await claimSlots(world.process(), []);
      await between(world)();
      await slots[0]!.start(acting, new Map());
      await slots[1]!.start(changed, new Map());
      const first = stopClaimed(world.process(step), world.claims);
      await first.catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
      expect(await stopClaimed(world.process(), world.claims)).toEqual([]);
      expect(world.slotsOn()).toEqual(runs ? [5] : []);
    }
  });
});
