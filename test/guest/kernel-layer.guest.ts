/** The kernel layer on real kernels: what tests on the fake take for granted, and whole lives. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicClock } from '../../src/base/clock.ts';
import { type FeatureName, hasFeature } from '../../src/kernel/features.ts';
import { claimSlots, releasePool, stopClaimed } from '../../src/kernel/ownership.ts';
import { readParams } from '../../src/kernel/read-back.ts';
import { readTriedRegions } from '../../src/kernel/read-results.ts';
import { RealTracefs } from '../../src/kernel/real-tracefs.ts';
import { readValue, slotPath } from '../../src/kernel/sysfs-files.ts';
import { KernelRun } from '../../src/monitor/kernel-run.ts';
import { openTrace } from '../../src/monitor/kernel-trace.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, NO_QUOTA } from '../../src/params/defaults.ts';
import type { Snapshot } from '../../src/params/snapshot.ts';
import {
  ACTIONS,
  type Filter,
  GOAL_METRICS,
  type Params,
  type Scheme,
} from '../../src/params/types.ts';
import { scheme as plainScheme, processes } from './guest-params.ts';
import { damonStatState, switchDamonStatOff } from './hand-made-kdamond.ts';
import type { GuestSuite, TestContext } from './harness.ts';
import { OurSlots } from './our-slots.ts';
import { startWorkload, type Workload } from './workload.ts';

const mebibyte = 2 ** 20;

const physical: Params = {
  operations: 'paddr',
  addrUnit: 1,
  minRegionSize: 4096,
  attrs: DEFAULT_ATTRS,
  targets: [{ regions: [{ start: 0x10000000, end: 0x18000000 }], obsolete: false }],
  probes: [],
  schemes: [],
  paused: false,
};

const scheme: Scheme = {
  ...DEFAULT_SCHEME,
  action: 'stat',
  quota: { ...NO_QUOTA, sizeBytes: 4096 },
  targetNid: 0,
};

/** Starts, changes and stops a scheme for each of `values` that this kernel has. */
async function each<T extends string>(
  t: TestContext,
  kind: string,
  values: readonly T[],
  change: (value: T) => Partial<Scheme>,
): Promise<void> {
  switchDamonStatOff();
  await using guest = new OurSlots();
  const { slot, features } = await guest.take();
  const here = values.filter((value) => hasFeature(features, `${kind} ${value}` as FeatureName));
  for (const value of here) {
    const params = { ...physical, schemes: [{ ...scheme, ...change(value) }] };
    await slot.start(params, features);
    assert.deepEqual(readParams(guest.files, 0), params, value);
    const fewer = { ...params, attrs: { ...params.attrs, maxNrRegions: 100 } };
    await slot.commit(params, fewer, features);
    assert.deepEqual(readParams(guest.files, 0), fewer, value);
    await slot.stop();
  }
  t.note(here.join(' '));
}

/** Bytes of the touched part that are seen to be accessed in half of the samples. */
function hotBytesOf(snapshot: Snapshot, workload: Workload): number {
  let bytes = 0;
  for (let row = 0; row < snapshot.nrRegions; row++) {
    const end = Math.min(snapshot.end[row]!, workload.hotEnd);
    const start = Math.max(snapshot.start[row]!, workload.start);
    if (snapshot.nrAccesses[row]! >= 10) bytes += Math.max(0, end - start);
  }
  return bytes;
}

const filterArguments: Readonly<Record<Filter['type'], object>> = {
  anon: {},
  active: {},
  young: {},
  unmapped: {},
  memcg: { memcgPath: '/' },
  hugepage_size: { sizeBytes: { min: 0, max: 'max' } },
  addr: { range: { start: 0x10000000, end: 0x11000000 } },
  target: { targetIndex: 0 },
};

const suite: GuestSuite = {
  kernels: ['newest', '6.12'],
  topology: 'plain',
  tests: {
    async 'a start beside DAMON_STAT is refused, and DAMON_STAT goes on'(t) {
      if (!damonStatState()) t.skip('it does not run on this kernel');
      await using guest = new OurSlots();
      const [slot] = await claimSlots(guest.tools, []);
      await assert.rejects(slot!.start(physical, new Map()), /module damon_stat runs/);
      assert.equal(damonStatState(), true);
    },
    async 'probing finds what the kernel has'(t) {
      switchDamonStatOff();
      await using guest = new OurSlots();
      const { features } = await guest.take();
      const names = (present: boolean | null) =>
        [...features.values()].filter((one) => one.present === present).map(({ name }) => name);
      assert.deepEqual(names(null), []);
      t.note(names(false).length === 0 ? 'everything' : `not: ${names(false).join(', ')}`);
    },
    'each action starts and takes a commit': (t) =>
      each(t, 'action', ACTIONS, (action) => ({ action })),
    'each goal metric starts and takes a commit': (t) =>
      each(t, 'goal metric', GOAL_METRICS, (metric) => {
        const nid = metric.startsWith('node_') ? { nid: 0 } : {};
        const memcg = metric.startsWith('node_memcg_') ? { memcgPath: '/' } : {};
        const goal = { metric, targetValue: 100, currentValue: 1, ...nid, ...memcg };
        return { quota: { ...scheme.quota, goals: [goal] } };
      }),
    'each filter type starts and takes a commit': (t) =>
      each(t, 'filter type', Object.keys(filterArguments) as Filter['type'][], (type) => {
        const filter = { type, matching: true, allow: false, ...filterArguments[type] };
        return { filters: [filter as Filter] };
      }),
    async 'a process is watched from start to stop, and its hot quarter found'(t) {
      switchDamonStatOff();
      await using workload = await startWorkload(64);
      await using guest = new OurSlots();
      const { slot, features } = await guest.take();
      const targets = [{ pid: workload.pid, regions: [], obsolete: false }];
      const all = { ...DEFAULT_SCHEME, action: 'stat' as const };
      const params: Params = { ...physical, operations: 'vaddr', targets, schemes: [all] };
      await slot.start(params, features);
      await sleep(3000);
      const asked = performance.now();
      await slot.query('update_schemes_tried_regions');
      const answered = performance.now();
      const snapshot = readTriedRegions(guest.files, 0, [{ schemeIndex: 0, targetIndex: 0 }], {
        ...{ timeUs: 0, wallTimeUs: null, tick: 0, windowSamples: 20, addrUnit: 1 },
        targetPids: [workload.pid],
        ...{ sampleIntervalUs: 5_000, aggregationIntervalUs: 100_000 },
      });
      const read = performance.now();
      const hotBytes = hotBytesOf(snapshot, workload);
      const truth = workload.hotEnd - workload.start;
      t.note(`${hotBytes / mebibyte} of ${truth / mebibyte} MiB in ${snapshot.nrRegions} regions`);
      t.note(
        `command ${(answered - asked).toFixed(0)} ms, read ${(read - answered).toFixed(0)} ms`,
      );
      assert.ok(Math.abs(hotBytes - truth) <= truth / 10);
    },
    async 'regions that no file tells are traced, and are the same'(t) {
      switchDamonStatOff();
      const traceFiles = new RealTracefs('/sys/kernel/tracing', { allowRealTree: true });
      await using workload = await startWorkload(64);
      await using guest = new OurSlots();
      const { slot, features } = await guest.take();
      const hidden = { name: 'tried_regions', present: false, how: 'this test says so' } as const;
      using run = await KernelRun.start(
        {
          ...{ files: guest.files, slot, features: new Map([...features, [hidden.name, hidden]]) },
          ...{ pageFilters: [], clock: monotonicClock, wallTimeUs: () => 0 },
          trace: (kdamondPid) =>
            openTrace({ traceFiles, nrCpus: 2 }, kdamondPid, ['damon_aggregated'], () => {}),
        },
        processes([workload.pid], [plainScheme('stat')]),
      );
      assert.equal(run.plan.watchers.length, 0);
      await sleep(3000);
      const found: { traced: number; told: number }[] = [];
      for (let nr = 0; nr < 5; nr++) {
        const traced = hotBytesOf(await run.snapshot(), workload);
        await slot.query('update_schemes_tried_regions');
        const snapshot = readTriedRegions(
          guest.files,
          slot.claim.slot,
          [{ schemeIndex: 0, targetIndex: 0 }],
          {
            ...{ timeUs: 0, wallTimeUs: null, tick: 0, windowSamples: 20, addrUnit: 1 },
            ...{ targetPids: [], sampleIntervalUs: 5_000, aggregationIntervalUs: 100_000 },
          },
        );
        found.push({ traced, told: hotBytesOf(snapshot, workload) });
      }
      const middle = (of: 'traced' | 'told') =>
        found.map((one) => one[of]).sort((a, b) => a - b)[found.length >> 1]!;
      const truth = workload.hotEnd - workload.start;
      const [traced, told] = [middle('traced'), middle('told')];
      t.note(`${traced / mebibyte} MiB traced, ${told / mebibyte} told, ${truth / mebibyte} true`);
      assert.ok(Math.abs(traced - told) <= told * 0.03);
      assert.ok(Math.abs(traced - truth) <= truth / 10);
      assert.equal(readdirSync('/sys/kernel/tracing/instances').length, 1);
      run[Symbol.dispose]();
      assert.deepEqual(readdirSync('/sys/kernel/tracing/instances'), []);
    },
    async 'somebody else in a slot of ours goes on as he was'() {
      switchDamonStatOff();
      await using workload = await startWorkload(4);
      await using guest = new OurSlots();
      const { files } = guest;
      const { slot, features } = await guest.take();
      const write = (file: string, text: string) => files.write(slotPath(5, file), text);
      await write('contexts/nr_contexts', '1');
      await write('contexts/0/targets/nr_targets', '1');
      await write('contexts/0/targets/0/pid_target', String(workload.pid));
      await write('state', 'on');
      const pid = readValue(files, slotPath(5, 'pid'));
      const before = readParams(files, 5);
      await slot.start({ ...physical, schemes: [scheme] }, features);
      assert.deepEqual(await stopClaimed(guest.tools, guest.claims), []);
      assert.equal((await claimSlots(guest.tools, guest.claims)).length, 7);
      assert.equal(await releasePool(guest.tools, guest.claims), false);
      assert.equal(readValue(files, slotPath(0, 'state')), 'off');
      assert.equal(readValue(files, slotPath(5, 'pid')), pid);
      assert.deepEqual(readParams(files, 5), before);
      await write('state', 'off');
      await write('contexts/nr_contexts', '0');
    },
  },
};

export default suite;
