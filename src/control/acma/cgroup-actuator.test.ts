import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { FakeTree } from '../../testing/fake-tree.ts';
import { AcmaLoop, type AcmaReport } from './acma-loop.ts';
import { CgroupActuator } from './cgroup-actuator.ts';

const MIB = 2 ** 20;
const KNOBS = { minBytes: 128 * MIB, maxBytes: 1024 * MIB, pressureShare: 0.001 };

/** 100 MiB are in use, 128 MiB stay free, and of what is cold less than a block stays. */
const SETTLED_BYTES = 230 * MIB;

/** A cgroup of a made-up kernel: what is inactive leaves when it is asked to. */
class FakeCgroup {
  readonly tree = new FakeTree({
    'proc/meminfo':
      'MemTotal: 8388608 kB\nMemFree: 2097152 kB\nSwapTotal: 4194304 kB\nSwapFree: 4194304 kB\n',
    'proc/sys/kernel/osrelease': '7.3.4\n',
    'sys/devices/system/cpu/online': '0\n',
    'cgroup/cgroup.controllers': 'memory\n',
    'cgroup/db/memory.high': 'max\n',
    'cgroup/db/memory.max': 'max\n',
    'cgroup/db/cgroup.procs': '',
  });
  readonly clock = new VirtualClock();
  activeBytes = 100 * MIB;
  inactiveBytes = 200 * MIB;
  stalledUs = 0;
  asked: number[] = [];
  reclaimTakesUs = 0;
  swappedOutBytes = 0;
  /** Swap is a disk, or memory that is compressed. */
  isSwapOnDisk = false;

  /** Puts the figures into the files. */
  update(): void {
    const pressure = `some avg10=0.00 avg60=0.00 avg300=0.00 total=${this.stalledUs}\n`;
    this.tree.write('cgroup/db/memory.current', `${this.activeBytes + this.inactiveBytes}\n`);
    this.tree.write('cgroup/db/memory.pressure', pressure);
    const pages = this.isSwapOnDisk ? this.swappedOutBytes / 4096 : 0;
    this.tree.write('proc/vmstat', `pswpout ${pages}\n`);
    this.tree.write(
      'cgroup/db/memory.stat',
      `inactive_anon ${this.inactiveBytes}\ninactive_file 0\n`,
    );
  }

  actuator(holds = true, knobs = KNOBS): CgroupActuator {
    this.update();
    const lever = {
      reclaim: async (bytes: number) => {
        this.asked.push(bytes);
        const left = Math.min(bytes, this.inactiveBytes);
        this.inactiveBytes -= left;
        this.clock.advance(this.reclaimTakesUs);
        this.swappedOutBytes += left;
        this.update();
        return left;
      },
    };
    const { roots } = this.tree;
    return new CgroupActuator({ roots, path: '/db', knobs, holds, lever, clock: this.clock });
  }

  get high(): string {
    return readFileSync(join(this.tree.folder, 'cgroup/db/memory.high'), 'latin1').trim();
  }

  /** Steps once a second; returns the last report. */
  async steps(loop: AcmaLoop, seconds: number, each = () => {}): Promise<AcmaReport> {
    let report: AcmaReport | null = null;
    for (let second = 0; second < seconds; second++) {
      this.clock.advance(1e6);
      each();
      this.update();
      report = await loop.step();
    }
    return report!;
  }
}

let group: FakeCgroup;
beforeEach(() => {
  group = new FakeCgroup();
  return () => group.tree[Symbol.dispose]();
});

test('a calm cgroup comes down to what it uses and the headroom, and memory.high with it', async () => {
  const loop = new AcmaLoop(group.actuator(), KNOBS, 'run');
  await group.steps(loop, 9);
  expect(group.high).toBe(String(1024 * MIB));
  const report = await group.steps(loop, 150);
  expect(report.sizeBytes).toBe(SETTLED_BYTES);
  expect(group.high).toBe(String(SETTLED_BYTES));
  expect(group.inactiveBytes).toBeLessThan(2 * MIB);
  expect(report.reclaimedBytes).toBe(200 * MIB - group.inactiveBytes);
  expect(report.takenByWindow).toEqual([0, 13, 64, 64, 64, 64, 64, 64]);
  expect(report.gibHours).toBeLessThan(report.fixedGibHours * 0.5);
  expect(readFileSync(join(group.tree.folder, 'cgroup/db/memory.max'), 'latin1')).toBe('max\n');
});

test('a cgroup that loses time gets memory at once, before it asks again', async () => {
  const loop = new AcmaLoop(group.actuator(), KNOBS, 'run');
  await group.steps(loop, 160);
  const grow = () => {
    group.activeBytes = Math.min(Number(group.high), group.activeBytes + 100 * MIB);
    group.stalledUs += 20_000;
  };
  const report = await group.steps(loop, 2, grow);
  expect(report.why).toBe('More time is lost than acceptable.');
  expect(report.pressureShare).toBeCloseTo(0.02, 3);
  expect(Number(group.high)).toBeGreaterThanOrEqual(228 * MIB + 3 * 128 * MIB);
  const later = await group.steps(loop, 10, grow);
  expect(later.sizeBytes).toBe(1024 * MIB);
});

test('what a step itself writes to disks holds the next one back', async () => {
  group.isSwapOnDisk = true;
  group.reclaimTakesUs = 200_000;
  const loop = new AcmaLoop(group.actuator(), KNOBS, 'run');
  while (group.swappedOutBytes < 2 * MIB) {
    expect((await group.steps(loop, 1)).verdict.state).toBe('go');
  }
  const { verdict, why } = await group.steps(loop, 1);
  expect(verdict.state).toBe('hold');
  expect(why).toMatch(/^Reclaim writes .* a second to disks/);
});

test('a limit is never set below what does not leave', async () => {
  const actuator = group.actuator();
  const take = [{ window: 7, nrBlocks: 400 }];
  const plan = { reclaimBytes: 0, give: [], take, why: '' };
  expect(actuator.plan(plan)).toEqual([
    expect.stringMatching(`^echo ${(300 - 224) * MIB} > .*/db/memory.reclaim$`),
    expect.stringMatching(`^echo ${224 * MIB} > .*/db/memory.high$`),
  ]);
  group.inactiveBytes = 10 * MIB;
  group.activeBytes = 290 * MIB;
  const { reclaimedBytes, nrFailed } = await actuator.apply(plan);
  expect(reclaimedBytes).toBe(10 * MIB);
  expect(group.high).toBe(String(290 * MIB));
  expect(nrFailed).toBe(33);
});

test('without a limit, only what is cold is asked to leave', async () => {
  const loop = new AcmaLoop(group.actuator(false), KNOBS, 'run');
  const report = await group.steps(loop, 160);
  expect(report.sizeBytes).toBe(SETTLED_BYTES);
  expect(group.inactiveBytes).toBeLessThan(2 * MIB);
  expect(group.high).toBe('max');
});

test('a shadow says the size and touches nothing', async () => {
  const loop = new AcmaLoop(group.actuator(), KNOBS, 'shadow');
  const report = await group.steps(loop, 160);
  expect(report.sizeBytes).toBe(SETTLED_BYTES);
  expect([group.high, group.asked, group.inactiveBytes]).toEqual(['max', [], 200 * MIB]);
});

test('what is swapped out has to have room', async () => {
  group.tree.write('cgroup/db/memory.swap.max', String(50 * MIB));
  group.tree.write('cgroup/db/memory.swap.current', String(20 * MIB));
  expect((await group.actuator().observe()).coldBytes).toBe(30 * MIB);
});

test('nothing is taken while swap is full', async () => {
  group.tree.write(
    'proc/meminfo',
    'MemTotal: 8388608 kB\nMemFree: 2097152 kB\nSwapTotal: 4096 kB\nSwapFree: 100 kB\n',
  );
  const report = await group.steps(new AcmaLoop(group.actuator(), KNOBS, 'run'), 60);
  expect(report.sizeBytes).toBe(1024 * MIB);
  expect(report.why).toMatch(/of swap are used/);
  expect(group.asked).toEqual([]);
});

test('a run ends when somebody else sets the limit', async () => {
  const loop = new AcmaLoop(group.actuator(), KNOBS, 'run');
  await group.steps(loop, 30);
  group.tree.write('cgroup/db/memory.high', '5000\n');
  await expect(loop.step()).rejects.toThrow(/memory.high is 5000, .* somebody else sets it/);
});

test('a limit that is there already is the most that it gets', () => {
  group.tree.write('cgroup/db/memory.high', `${300 * MIB}\n`);
  expect(group.actuator().totalBytes).toBe(300 * MIB);
  group.tree.write('cgroup/db/memory.max', `${100 * MIB}\n`);
  expect(() => group.actuator()).toThrow(
    /--min 128 MiB is above the limit .* 100 MiB; lower --min/,
  );
});

test('a cgroup that has gone is said to be', async () => {
  const loop = new AcmaLoop(group.actuator(), KNOBS, 'run');
  await group.steps(loop, 3);
  group.tree.remove('cgroup/db');
  await expect(loop.step()).rejects.toMatchObject({ code: 'TC_NOT_FOUND' });
});
