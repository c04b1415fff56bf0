import { expect, test } from 'vitest';
import { VirtualClock } from '../base/clock.ts';
import type { LeverStep } from '../host/host.ts';
import { claimSlots } from '../kernel/ownership.ts';
import { DEFAULT_PARAMS, DEFAULT_SCHEME } from '../params/defaults.ts';
import type { Snapshot } from '../params/snapshot.ts';
import type { Params } from '../params/types.ts';
import { FakeDamonSysfs, type Release } from '../testing/fake-damon-sysfs.ts';
import { FakeTracefs } from '../testing/fake-tracefs.ts';
import { KernelRun } from './kernel-run.ts';
import { openTrace } from './kernel-trace.ts';

const MIB = 2 ** 20;
const watching: Params = {
  ...DEFAULT_PARAMS,
  targets: [{ pid: 7, regions: [], obsolete: false }],
  schemes: [{ ...DEFAULT_SCHEME, action: 'stat' }],
};

/** A run on a fake kernel that has these trace points, by default all. */
async function runOn(release: Release, events?: readonly string[], params: Params = watching) {
  const traceFiles = new FakeTracefs(events);
  const files = new FakeDamonSysfs({ release, tracefs: traceFiles });
  const boot = { bootId: 'this one', startTicksOf: (pid: number) => pid };
  const [slot] = await claimSlots({ files, boot, record: () => {} }, []);
  const steps: LeverStep[] = [];
  const run = await KernelRun.start(
    {
      ...{ files, slot: slot!, features: await slot!.probe(), pageFilters: [] },
      ...{ clock: new VirtualClock(), wallTimeUs: () => 0 },
      trace: (pid) =>
        openTrace({ traceFiles, nrCpus: 2 }, pid, ['damon_aggregated'], (step) => steps.push(step)),
    },
    params,
  );
  files.runFor(3_000_000);
  return { run, files, traceFiles, steps };
}

/** What comes while time goes on. */
async function snapshotOf({ run, files }: Awaited<ReturnType<typeof runOn>>): Promise<Snapshot> {
  const time = setInterval(() => files.runFor(100_000), 5);
  try {
    return await run.snapshot();
  } finally {
    clearInterval(time);
  }
}

/** Bytes that are accessed in more than half of the samples. */
function hotOf({ nrRegions, start, end, nrAccesses }: Snapshot): number {
  let bytes = 0;
  for (let row = 0; row < nrRegions; row++) {
    if (nrAccesses[row]! > 10) bytes += end[row]! - start[row]!;
  }
  return bytes;
}

test('what is traced is what files tell where there are any', async () => {
  const [told, traced] = [await runOn('7.3'), await runOn('6.1')];
  const [fromFiles, fromTrace] = [await told.run.snapshot(), await snapshotOf(traced)];
  expect(Math.abs(hotOf(fromTrace) - hotOf(fromFiles))).toBeLessThan(MIB / 2);
  expect(hotOf(fromTrace)).toBeGreaterThan(15 * MIB);
  expect([...fromTrace.targetPids]).toEqual([7]);
  expect(told.traceFiles.changes).toEqual([]);
});

test('an instance is written down before it is made, and goes with the run', async () => {
  const traced = await runOn('6.1');
  expect(traced.traceFiles.changes).toEqual([]);
  await snapshotOf(traced);
  const [name] = traced.traceFiles.instances;
  expect(traced.steps.map(({ undo }) => undo)).toEqual([{ traceInstance: name }]);
  traced.run[Symbol.dispose]();
  expect(traced.traceFiles.instances).toEqual([]);
});

test('targets are told apart, and a commit may leave fewer', async () => {
  const [first, second] = [7, 8].map((pid) => ({ pid, regions: [], obsolete: false }));
  const traced = await runOn('6.1', undefined, { ...watching, targets: [first!, second!] });
  const both = await snapshotOf(traced);
  expect(new Set(both.targetIndex)).toEqual(new Set([0, 1]));
  await traced.run.commit(watching, { staged: [first!], after: [first!] });
  const one = await snapshotOf(traced);
  expect(new Set(one.targetIndex)).toEqual(new Set([0]));
  expect([...one.targetPids]).toEqual([7]);
});

test('a kernel that neither tells nor traces regions is said to', async () => {
  const { run, traceFiles, steps } = await runOn('6.1', []);
  await expect(run.snapshot()).rejects.toThrow(
    'DAMON in this kernel has no tried_regions, so its regions could only be traced. This kernel ' +
      'has no trace point damon_aggregated: it was built without DAMON, or DAMON is too old.',
  );
  await expect(run.snapshot()).rejects.toThrow('no tried_regions');
  expect(traceFiles.changes).toEqual([]);
  expect(steps).toHaveLength(1);
});

test('nothing waits for ever for a window that does not end', async () => {
  const { run } = await runOn('6.1');
  await expect(run.snapshot()).rejects.toThrow('No aggregation interval has ended for 3 s');
});
