import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { applyUndo } from '../control/undo.ts';
import type { LeverStep } from '../host/host.ts';
import { ownIdentity } from '../host/linux/process-identity.ts';
import { type ForeignPlace, readForeignContext } from '../kernel/foreign-context.ts';
import { ADMIN_FOLDER, slotPath } from '../kernel/sysfs-files.ts';
import { FakeDamonSysfs } from '../testing/fake-damon-sysfs.ts';
import { FakeTracefs } from '../testing/fake-tracefs.ts';
import { ForeignMonitor } from './foreign-monitor.ts';

const context = slotPath(0, 'contexts/0');
const KDAMOND = 1_000;

/** A machine with a kdamond of somebody else, which wakes when it is told to. */
class FakeHost {
  readonly files: FakeDamonSysfs;
  readonly traceFiles = new FakeTracefs();
  readonly steps: LeverStep[] = [];
  nowUs = 5_000_000;
  lives = true;

  constructor(statAtBoot = false) {
    this.files = new FakeDamonSysfs({ statAtBoot });
  }

  monitor(place: ForeignPlace): ForeignMonitor {
    const roots = { proc: '/proc', sys: '/nowhere', cgroup: '/nowhere' };
    const monitor = new ForeignMonitor(
      { set: 'foreign', roots, place },
      {
        record: (step) => void this.steps.push(step),
        machine: {
          ...{ files: this.files, traceFiles: this.traceFiles, nrCpus: 2 },
          nowUs: () => this.nowUs,
          startTicksOf: (pid) => (this.lives ? pid : null),
        },
      },
    );
    monitors.push(monitor);
    return monitor;
  }

  window(nrAccesses: readonly number[]): void {
    this.nowUs += 100_000;
    for (const [index, count] of nrAccesses.entries()) {
      const range = `${index * 4096}-${(index + 1) * 4096}`;
      const fields = `target_id=0 nr_regions=${nrAccesses.length} ${range}: ${count} 2`;
      this.traceFiles.trace(KDAMOND, 'damon_aggregated', fields, this.nowUs);
    }
  }
}

const monitors: ForeignMonitor[] = [];
afterEach(async () => {
  for (const monitor of monitors.splice(0)) await monitor.stop();
});

/** Somebody else watches process 7 with one scheme. */
async function somebodyElse(): Promise<FakeHost> {
  const host = new FakeHost();
  for (const [path, text] of [
    [`${ADMIN_FOLDER}/kdamonds/nr_kdamonds`, '1'],
    [slotPath(0, 'contexts/nr_contexts'), '1'],
    [`${context}/targets/nr_targets`, '1'],
    [`${context}/targets/0/pid_target`, '7'],
    [`${context}/schemes/nr_schemes`, '1'],
    [slotPath(0, 'state'), 'on'],
  ] as const) {
    await host.files.write(path, text);
  }
  return host;
}

test('shows what a kdamond of somebody else sees, and writes to none of its files', async () => {
  const host = await somebodyElse();
  const [before, nrWrites] = [host.files.dump(), host.files.writes.length];
  const monitor = host.monitor({ slot: 0 });
  await monitor.start();
  host.window([20, 0, 3]);
  const snapshot = await monitor.snapshot();
  expect(snapshot).toMatchObject({ nrRegions: 3, maxNrAccesses: 20, timeUs: 5_100_000 });
  expect(snapshot.targetPids).toEqual([7]);
  expect([...snapshot.nrAccesses]).toEqual([20, 0, 3]);
  host.window([1, 2]);
  expect([...(await monitor.snapshot()).nrAccesses]).toEqual([1, 2]);
  const tried = 'ctx_idx=0 scheme_idx=0 target_idx=0 nr_regions=2 4096-12288: 0 9';
  host.traceFiles.trace(KDAMOND, 'damos_before_apply', tried);
  await monitor.snapshot();
  expect((await monitor.stats()).schemes[0]!.stats).toMatchObject({
    nrTried: 1n,
    triedBytes: 8192n,
  });
  for (const change of [monitor.commit(), monitor.pause(), monitor.resume()]) {
    await expect(change).rejects.toMatchObject({ code: 'TC_DENIED' });
  }
  await monitor.stop();
  expect(host.traceFiles.instances).toEqual([]);
  expect(host.files.dump()).toEqual(before);
  expect(host.files.writes).toHaveLength(nrWrites);
});

test('listens to a module, whose intervals are tuned', async () => {
  const host = new FakeHost(true);
  const monitor = host.monitor({ module: 'damon_stat' });
  await monitor.start();
  host.window([4]);
  host.window([4]);
  expect(await monitor.snapshot()).toMatchObject({ sampleIntervalUs: 5000, targetPids: [null] });
  host.traceFiles.trace(KDAMOND, 'damon_monitor_intervals_tune', 'sample_us=10000');
  host.window([4]);
  expect(await monitor.snapshot()).toMatchObject({
    ...{ sampleIntervalUs: 10_000, aggregationIntervalUs: 200_000, maxNrAccesses: 20 },
  });
});

test('says that nothing was seen yet, rather than wait for a long interval', async () => {
  const host = await somebodyElse();
  const monitor = host.monitor({ slot: 0 });
  await monitor.start();
  const pending = monitor.snapshot();
  host.nowUs += 2_000_000;
  expect(await pending).toMatchObject({ nrRegions: 0, tick: 0 });
  expect((await monitor.stats()).warnings).toEqual([
    'No aggregation interval has ended yet, so there are no regions to show.',
  ]);
});

test('ends with the kdamond, and leaves no instance', async () => {
  const host = await somebodyElse();
  const monitor = host.monitor({ slot: 0 });
  await monitor.start();
  host.lives = false;
  expect(await monitor.ended).toEqual({
    ...{ reason: 'targets-gone', message: `Kdamond ${KDAMOND} has ended.` },
  });
  expect(host.traceFiles.instances).toEqual([]);
});

test.each([
  [{ slot: 3 }, 'There is no slot 3'],
  [{ module: 'damon_stat' }, 'The module damon_stat is off'],
] as const)('where nothing runs in %o, says so and makes no instance', async (place, message) => {
  const host = await somebodyElse();
  await expect(host.monitor(place).start()).rejects.toThrow(message);
  expect(host.traceFiles.changes).toEqual([]);
  expect(host.steps).toEqual([]);
});

test('a kernel without DAMON is refused in a sentence', () => {
  const nothing = { exists: () => false, read: () => '', list: () => [] };
  expect(() => readForeignContext(nothing, { slot: 0 })).toThrow('this kernel has no DAMON');
});

test('what it leaves when it is killed, its journal names and the guard removes', async () => {
  const host = await somebodyElse();
  await host.monitor({ slot: 0 }).start();
  const [instance] = host.traceFiles.instances;
  const undo = host.steps[0]!.undo!;
  expect(undo).toEqual({ traceInstance: instance });
  const sys = mkdtempSync(join(tmpdir(), 'thermocline-trace-undo-'));
  const folder = join(sys, 'kernel/tracing/instances', instance!);
  mkdirSync(folder, { recursive: true });
  const roots = { proc: '/proc', sys, cgroup: '/nowhere' };
  const scene = { roots, stateDir: sys, owner: ownIdentity() };
  await applyUndo(undo, scene);
  expect(existsSync(folder)).toBe(false);
  // Twice, and when it is gone, does no harm; another's name does nothing.
  await applyUndo(undo, scene);
  await expect(applyUndo({ traceInstance: '../instances' }, scene)).rejects.toThrow(
    'no trace inst',
  );
  rmSync(sys, { recursive: true });
});
