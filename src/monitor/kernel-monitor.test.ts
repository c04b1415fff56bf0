import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { VirtualClock } from '../base/clock.ts';
import type { LeverStep } from '../host/host.ts';
import { ownIdentity } from '../host/linux/process-identity.ts';
import type { Boot } from '../kernel/claim.ts';
import { readParams } from '../kernel/read-back.ts';
import { ADMIN_FOLDER, readValue, slotIndexes, slotPath } from '../kernel/sysfs-files.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, NO_QUOTA } from '../params/defaults.ts';
import type { OperationsFilter, Params, Scheme } from '../params/types.ts';
import { FakeDamonSysfs, type Release } from '../testing/fake-damon-sysfs.ts';
import { FakeTracefs } from '../testing/fake-tracefs.ts';
import { KernelMonitor } from './kernel-monitor.ts';

const MIB = 2 ** 20;
const base = mkdtempSync(join(tmpdir(), 'thermocline-kernel-monitor-'));
afterAll(() => rmSync(base, { recursive: true }));

const me = ownIdentity();

/** A machine whose kernel is a fake, and what stands in our journal. */
class FakeHost {
  readonly fake: FakeDamonSysfs;
  readonly traceFiles = new FakeTracefs();
  readonly clock = new VirtualClock();
  readonly steps: LeverStep[] = [];
  readonly stateDir = mkdtempSync(join(base, 'state-'));
  cpuUs = 0;
  readonly boot: Boot = {
    bootId: me.bootId,
    startTicksOf: (pid) => {
      if (pid === me.pid) return me.startTicks;
      const on = slotIndexes(this.fake).some(
        (slot) => readValue(this.fake, slotPath(slot, 'pid')) === String(pid),
      );
      return on ? pid * 7 : null;
    },
  };

  constructor(release: Release = '7.3', statAtBoot = false) {
    this.fake = new FakeDamonSysfs({ release, statAtBoot, tracefs: this.traceFiles });
  }

  monitor(params: Params, more: MonitorExtras = {}): KernelMonitor {
    const { files = this.fake, pageFilters = [], handOverStat = false, cpuCeiling = 1 } = more;
    const monitor = new KernelMonitor(
      {
        ...{ set: 'kernel', stateDir: this.stateDir, purpose: 'a test', followChildren: false },
        ...{ pageFilters, handOverStat },
        roots: { proc: '/proc', sys: '/nowhere', cgroup: '/nowhere' },
      },
      {
        ...{ params, cpuCeiling, record: (step) => void this.steps.push(step) },
        machine: {
          ...{ files, boot: this.boot, clock: this.clock, cpuUsOf: () => this.cpuUs },
          ...{ traceFiles: this.traceFiles, nrCpus: 2 },
        },
      },
    );
    monitors.push(monitor);
    return monitor;
  }

  runFor(durationUs: number): void {
    this.fake.runFor(durationUs);
    this.clock.advance(durationUs);
  }

  slotsOn(): number[] {
    const { fake } = this;
    return slotIndexes(fake).filter((slot) => readValue(fake, slotPath(slot, 'state')) === 'on');
  }
}

interface MonitorExtras {
  readonly files?: FakeDamonSysfs;
  readonly pageFilters?: readonly OperationsFilter[];
  readonly handOverStat?: boolean;
  readonly cpuCeiling?: number;
}

const monitors: KernelMonitor[] = [];
afterEach(async () => {
  for (const monitor of monitors.splice(0)) await monitor.stop();
});

const watching: Params = {
  operations: 'vaddr',
  addrUnit: 1,
  minRegionSize: 4096,
  attrs: DEFAULT_ATTRS,
  targets: [{ pid: process.pid, regions: [], obsolete: false }],
  probes: [],
  schemes: [],
  paused: false,
};

const cold: Scheme = {
  ...DEFAULT_SCHEME,
  action: 'pageout',
  pattern: { ...DEFAULT_SCHEME.pattern, nrAccesses: { min: 0, max: 0 } },
  quota: { ...NO_QUOTA, sizeBytes: MIB },
};

/** Whether a scheme of slot 0 is staged so that no region matches. */
const findsNothing = ({ fake }: FakeHost, index: number) =>
  readParams(fake, 0)!.schemes[index]!.pattern.nrAccesses.min === 'max';

describe('a kernel monitor', () => {
  test.each(['7.3', '6.12'] as const)('sees where memory is hot on %s', async (release) => {
    const host = new FakeHost(release);
    const monitor = host.monitor(watching);
    await monitor.start();
    host.runFor(3_000_000);
    const snapshot = await monitor.snapshot();
    let hotBytes = 0;
    let watchedBytes = 0;
    for (let row = 0; row < snapshot.nrRegions; row++) {
      const size = snapshot.end[row]! - snapshot.start[row]!;
      watchedBytes += size;
      if (snapshot.nrAccesses[row]! > 10 && snapshot.end[row]! <= 17 * MIB) hotBytes += size;
    }
    expect(watchedBytes).toBe(64 * MIB);
    expect(Math.abs(hotBytes - 16 * MIB)).toBeLessThan(1.6 * MIB);
    expect([...snapshot.targetPids]).toEqual([process.pid]);
  });

  test('traces where the kernel tells no regions, until it ends', async () => {
    const host = new FakeHost('6.1');
    const monitor = host.monitor(watching);
    await monitor.start();
    expect(monitor.description.caveats.join(' ')).toContain('no tried_regions');
    const time = setInterval(() => host.runFor(100_000), 5);
    const { nrRegions } = await monitor.snapshot();
    clearInterval(time);
    expect(nrRegions).toBeGreaterThan(0);
    const [name] = host.traceFiles.instances;
    expect(host.steps.at(-1)!.undo).toEqual({ traceInstance: name });
    await monitor.stop();
    expect(host.traceFiles.instances).toEqual([]);
  });

  test('writes down what a guard stops, and leaves the kernel as it was', async () => {
    const host = new FakeHost();
    const before = host.fake.dump();
    const monitor = host.monitor(watching);
    await monitor.start();
    expect(host.steps).toEqual([{ text: 'DAMON slot 0: a test', undo: { kernelSlot: 0 } }]);
    expect(host.slotsOn()).toEqual([0]);
    await monitor.stop();
    expect(host.fake.dump()).toEqual(before);
    expect(await monitor.ended).toMatchObject({ reason: 'stopped' });
  });

  test('leaves nothing behind its end that would keep the process alive', async () => {
    const host = new FakeHost();
    const timers = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    // Reading for the stream may cost next to nothing, so that it pauses for hours.
    const monitor = host.monitor(watching, { cpuCeiling: 1e-9 });
    await monitor.start();
    host.runFor(200_000);
    const stream = monitor.snapshots()[Symbol.asyncIterator]();
    await stream.next();
    await monitor.stop();
    expect(await stream.next()).toMatchObject({ done: true });
    expect(timers()).toBe(before);
  });

  test('shows users their own schemes only', async () => {
    const host = new FakeHost();
    const monitor = host.monitor({ ...watching, schemes: [cold] });
    await monitor.start();
    host.runFor(1_000_000);
    await vi.waitFor(() => expect(findsNothing(host, 0)).toBe(false), 5_000);
    host.runFor(1_000_000);
    const { schemes } = await monitor.stats();
    expect(schemes).toHaveLength(1);
    expect(schemes[0]!.stats.nrTried).toBeGreaterThan(0n);
    expect(schemes[0]!.effectiveQuotaBytes).toBe(BigInt(MIB));
    expect(readParams(host.fake, 0)!.schemes.map(({ action }) => action)).toEqual([
      'pageout',
      'stat',
    ]);
  });

  test('a scheme that acts without a limit on bytes gets one, and it is said', async () => {
    const host = new FakeHost();
    const monitor = host.monitor({ ...watching, schemes: [{ ...cold, quota: NO_QUOTA }] });
    await monitor.start();
    expect(readParams(host.fake, 0)!.schemes[0]!.quota.sizeBytes).toBe(128 * MIB);
    expect(monitor.description.caveats).toEqual([
      'schemes[0] (pageout) has no limit on bytes, which every scheme that acts in the kernel ' +
        'needs; it gets 128 MiB in each 1000 ms. Set schemes[0].quota.sizeBytes to choose another.',
    ]);
  });

  test('keeps its process alive while it runs', async () => {
    const timers = () =>
      process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const monitor = new FakeHost().monitor(watching);
    await monitor.start();
    expect(timers()).toBe(before + 1);
    await monitor.stop();
    expect(timers()).toBe(before);
  });

  test('two share the pool, and the last one removes it', async () => {
    const host = new FakeHost();
    const [first, second] = [host.monitor(watching), host.monitor(watching)];
    await first.start();
    await second.start();
    expect(host.slotsOn()).toEqual([0, 1]);
    await first.stop();
    expect(host.slotsOn()).toEqual([1]);
    expect(slotIndexes(host.fake)).toHaveLength(8);
    await second.stop();
    expect(slotIndexes(host.fake)).toEqual([]);
  });

  test('a commit writes only what differs, and keeps what schemes have counted', async () => {
    const host = new FakeHost();
    const params = { ...watching, schemes: [cold] };
    const monitor = host.monitor(params);
    await monitor.start();
    host.runFor(1_000_000);
    const before = (await monitor.stats()).schemes[0]!.stats.nrTried;
    host.fake.writes.length = 0;
    const quota = { ...cold.quota, sizeBytes: 2 * MIB };
    await monitor.commit({ ...params, schemes: [{ ...cold, quota }] });
    expect(host.fake.writes.map(({ path, text }) => [path.split('/0/').at(-1), text])).toEqual([
      ['quotas/bytes', String(2 * MIB)],
      ['state', 'commit'],
    ]);
    expect((await monitor.stats()).schemes[0]!.stats.nrTried).toBeGreaterThanOrEqual(before);
  });

  test('a scheme that is added counts from nothing', async () => {
    const host = new FakeHost();
    const monitor = host.monitor(watching);
    await monitor.start();
    host.runFor(2_000_000);
    await monitor.snapshot();
    const count: Scheme = { ...DEFAULT_SCHEME, action: 'stat' };
    await monitor.commit({ ...watching, schemes: [count] });
    expect((await monitor.stats()).schemes[0]!.stats.nrTried).toBe(0n);
    host.runFor(200_000);
    expect((await monitor.stats()).schemes[0]!.stats.nrTried).toBeGreaterThan(0n);
    await monitor.snapshot();
  });
});

describe('a scheme that acts', () => {
  const count: Scheme = { ...DEFAULT_SCHEME, action: 'stat' };

  test.each(['7.3', '6.12'] as const)(
    'waits on %s until its limit is in force',
    async (release) => {
      const host = new FakeHost(release);
      const monitor = host.monitor({ ...watching, schemes: [count, cold] });
      await monitor.start();
      expect([findsNothing(host, 0), findsNothing(host, 1)]).toEqual([false, true]);
      expect((await monitor.stats()).warnings).toEqual([
        'schemes[1] does nothing until the kernel has its limit in force.',
      ]);
      // A pass, at the start of which the limit is worked out.
      host.runFor(100_000);
      await vi.waitFor(() => expect(findsNothing(host, 1)).toBe(false), 5_000);
      expect(readParams(host.fake, 0)!.schemes[1]).toEqual(cold);
      expect((await monitor.stats()).warnings).toEqual([]);
    },
  );

  test('waits when it is added by a commit, and others go on', async () => {
    const host = new FakeHost();
    const monitor = host.monitor({ ...watching, schemes: [cold] });
    await monitor.start();
    host.runFor(100_000);
    await vi.waitFor(() => expect(findsNothing(host, 0)).toBe(false), 5_000);
    await monitor.commit({ ...watching, schemes: [cold, cold] });
    expect([findsNothing(host, 0), findsNothing(host, 1)]).toEqual([false, true]);
    host.runFor(100_000);
    await vi.waitFor(() => expect(findsNothing(host, 1)).toBe(false), 5_000);
  });

  test('does not wait where that would use up the snapshots that it has', async () => {
    const host = new FakeHost();
    const monitor = host.monitor({ ...watching, schemes: [{ ...cold, maxNrSnapshots: 2 }] });
    await monitor.start();
    expect(findsNothing(host, 0)).toBe(false);
  });
});

describe('feeding goals', () => {
  const goal = { metric: 'user_input', targetValue: 100, currentValue: 0 } as const;
  const params: Params = {
    ...watching,
    schemes: [{ ...cold, quota: { ...cold.quota, goals: [goal] } }],
  };

  test('commits the goals alone', async () => {
    const host = new FakeHost();
    const monitor = host.monitor(params);
    await monitor.start();
    host.fake.writes.length = 0;
    await monitor.setGoalValue(0, 0, 50);
    expect(host.fake.writes.map(({ text }) => text)).toEqual(['50', 'commit_schemes_quota_goals']);
    expect((await monitor.stats()).schemes[0]!.goalValues).toEqual([50]);
  });

  test('names a goal that takes none', async () => {
    const monitor = new FakeHost().monitor(params);
    await monitor.start();
    await expect(monitor.setGoalValue(0, 1, 50)).rejects.toThrow(
      'schemes[0].quota.goals[1] is no goal that takes a value (user_input); name one that is.',
    );
  });
});

describe('pausing', () => {
  test('shows what was seen last', async () => {
    const host = new FakeHost();
    const monitor = host.monitor(watching);
    await monitor.start();
    host.runFor(1_000_000);
    await monitor.pause();
    const paused = await monitor.snapshot();
    host.runFor(1_000_000);
    expect(await monitor.snapshot()).toBe(paused);
    expect((await monitor.stats()).warnings[0]).toContain('paused');
    await monitor.resume();
    host.runFor(1_000_000);
    expect((await monitor.snapshot()).tick).toBeGreaterThan(paused.tick);
  });

  test('is refused by a kernel without it', async () => {
    const monitor = new FakeHost('6.12').monitor(watching);
    await monitor.start();
    await expect(monitor.pause()).rejects.toMatchObject({ code: 'TC_UNSUPPORTED' });
  });
});

describe('DAMON_STAT, which runs from the start,', () => {
  test('is named, and left alone', async () => {
    const host = new FakeHost('7.3', true);
    const before = host.fake.dump('module');
    await expect(host.monitor(watching).start()).rejects.toThrow('--handover damon_stat');
    expect([host.fake.dump('module'), host.fake.writes]).toEqual([before, []]);
  });

  test('is handed over when that is asked for, and put back', async () => {
    const host = new FakeHost('7.3', true);
    const enabled = () => readValue(host.fake, 'module/damon_stat/parameters/enabled');
    const monitor = host.monitor(watching, { handOverStat: true });
    await monitor.start();
    expect([enabled(), host.slotsOn()]).toEqual(['N', [0]]);
    await monitor.stop();
    expect([enabled(), slotIndexes(host.fake)]).toEqual(['Y', []]);
  });
});

describe('processes that come and go', () => {
  const spawned: ChildProcess[] = [];
  afterEach(() => {
    for (const child of spawned.splice(0)) child.kill('SIGKILL');
  });
  const sleeper = async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    spawned.push(child);
    await once(child, 'spawn');
    return child;
  };

  test('each have regions of their own, and go alone', async () => {
    const host = new FakeHost();
    const [one, two] = [await sleeper(), await sleeper()];
    const target = ({ pid }: ChildProcess) => ({ pid: pid!, regions: [], obsolete: false });
    const attrs = { ...DEFAULT_ATTRS, operationsUpdateIntervalUs: 100_000 };
    const monitor = host.monitor({ ...watching, attrs, targets: [target(one), target(two)] });
    await monitor.start();
    host.runFor(1_000_000);
    const both = await monitor.snapshot();
    expect(both.targetPids).toEqual([one.pid, two.pid]);
    expect(new Set(both.targetIndex)).toEqual(new Set([0, 1]));
    one.kill('SIGKILL');
    await once(one, 'exit');
    // The monitor looks by itself; its clock stands still until then.
    host.runFor(1_000_000);
    await vi.waitFor(async () => {
      const left = await monitor.snapshot();
      expect([left.targetPids, new Set(left.targetIndex)]).toEqual([[two.pid], new Set([0])]);
    }, 5_000);
  });
});

describe('its own cost', () => {
  test('is that of the kdamond too, and kept by a commit of longer intervals', async () => {
    const host = new FakeHost();
    const monitor = host.monitor(watching, { cpuCeiling: 0.01 });
    await monitor.start();
    host.cpuUs += 100_000;
    host.runFor(1_000_000);
    await vi.waitFor(() => {
      const { sampleIntervalUs } = readParams(host.fake, 0)!.attrs;
      expect(sampleIntervalUs).toBeGreaterThan(50_000);
    }, 5_000);
    const { cost } = await monitor.stats();
    expect(cost.cpuUs).toBeGreaterThanOrEqual(100_000);
    expect(cost.stretch).toBeGreaterThan(10);
  });
});

test('tunes intervals from here where the kernel can not', async () => {
  const host = new FakeHost('6.12');
  const intervalsGoal = {
    ...{ accessBp: 400, aggregations: 3 },
    ...{ minSampleIntervalUs: 5_000, maxSampleIntervalUs: 10_000_000 },
  };
  const monitor = host.monitor({ ...watching, attrs: { ...DEFAULT_ATTRS, intervalsGoal } });
  await monitor.start();
  expect(monitor.description.caveats).toEqual([
    'This kernel does not tune intervals, so they are tuned by the same rule from here.',
  ]);
  // A quarter is always accessed, far more than 4 %, so it has to look more closely.
  await monitor.commit({
    ...watching,
    attrs: {
      ...DEFAULT_ATTRS,
      sampleIntervalUs: 50_000,
      aggregationIntervalUs: 1e6,
      intervalsGoal,
    },
  });
  host.runFor(4_000_000);
  await vi.waitFor(() => {
    expect(readParams(host.fake, 0)!.attrs.sampleIntervalUs).toBeLessThan(50_000);
  }, 5_000);
});

test('tells how much of each region is of a kind of pages', async () => {
  const host = new FakeHost();
  const pageFilters = [{ type: 'anon', matching: true, allow: true }] as const;
  const monitor = host.monitor(watching, { pageFilters });
  await monitor.start();
  host.runFor(1_000_000);
  const { filterPassedBytes, nrRegions } = await monitor.snapshot();
  expect(filterPassedBytes).toHaveLength(nrRegions);
  const old = new FakeHost('6.12').monitor(watching, { pageFilters });
  await expect(old.start()).rejects.toMatchObject({ code: 'TC_UNSUPPORTED' });
});

test('ends when somebody else stops its kdamond, and leaves nothing', async () => {
  const host = new FakeHost();
  const monitor = host.monitor(watching);
  await monitor.start();
  await host.fake.write(slotPath(0, 'state'), 'off');
  expect(await monitor.ended).toEqual({
    reason: 'failed',
    message: 'The kdamond has ended: somebody else has stopped it.',
  });
  await expect(monitor.snapshot()).rejects.toThrow('has ended');
  expect(slotIndexes(host.fake)).toEqual([]);
});

test('is refused while others have slots, who notice nothing', async () => {
  const host = new FakeHost();
  await host.fake.write(`${ADMIN_FOLDER}/kdamonds/nr_kdamonds`, '1');
  const before = host.fake.dump();
  await expect(host.monitor(watching).start()).rejects.toMatchObject({ code: 'TC_BUSY' });
  expect(host.fake.dump()).toEqual(before);
});
