/**
 * What the kernel's own self-tests of DAMON assert, made through Thermocline: those that no other
 * suite makes. docs/guest-rig.md has the list of all.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ThermoclineError } from '../../src/base/errors.ts';
import { applyWrites } from '../../src/kernel/apply-writes.ts';
import { hasFeature } from '../../src/kernel/features.ts';
import { DEFAULT_ATTRS, MATCH_ALL, NO_QUOTA } from '../../src/params/defaults.ts';
import type { Params, Scheme } from '../../src/params/types.ts';
import { callCommand, thermocline } from './call-command.ts';
import { MIB, physical, processes, scheme } from './guest-params.ts';
import { kdamondsFolder, kdamondThreads, switchDamonStatOff } from './hand-made-kdamond.ts';
import type { GuestSuite, TestBody } from './harness.ts';
import { meminfoBytes, until } from './memory-figures.ts';
import { kernelFeatures, OurSlots, RunningDamon } from './our-slots.ts';
import { runningParams } from './running-params.ts';
import { startWorkload } from './workload.ts';

/** Of a working set: accessed in a quarter of the samples, for two aggregation intervals. */
const workingSet: Scheme['pattern'] = {
  ...MATCH_ALL,
  nrAccesses: { min: 5, max: 20 },
  age: { min: 2, max: 'max' },
};
const watched = [scheme('stat')];

/**
 * Two halves of `mebibytes` each, touched in turn for four seconds: two in the self-tests, but
 * nothing of a half counts before its age is 2, and an emulated processor takes its time.
 */
const inTurns = (mebibytes: number) =>
  startWorkload(2 * mebibytes, { hotPercent: 50, where: 4000 });

/** So many parts of `mebibytes` each, of which each second one is touched. */
const stripes = (count: number, mebibytes: number) =>
  startWorkload(count * mebibytes, { hotPercent: Math.floor(100 / count), where: 'even' });

/** The value below which `percent` of the values are. */
function percentile(values: readonly number[], percent: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length * percent) / 100)]!;
}

async function triedBytes(damon: RunningDamon, samples: number): Promise<number[]> {
  const found: number[] = [];
  for (let nr = 0; nr < samples; nr++) {
    await sleep(100);
    found.push(await damon.triedBytes());
  }
  return found;
}

/** Regions of each of eleven snapshots. */
async function regionCounts(damon: RunningDamon): Promise<number[]> {
  const counts: number[] = [];
  for (let nr = 0; nr < 11; nr++) {
    await sleep(100);
    counts.push((await damon.tried()).nrRegions);
  }
  return counts;
}

/** The region counts of a process with so many real regions stay within bounds. */
function keepsBounds(real: number, minNrRegions: number, maxNrRegions: number): TestBody {
  return async (t) => {
    await using workload = await stripes(real, 2);
    const attrs = { minNrRegions, maxNrRegions };
    await using damon = await RunningDamon.start(processes([workload.pid], watched, attrs));
    const counts = await regionCounts(damon);
    t.note(`${real} real, ${minNrRegions} to ${maxNrRegions}: ${counts.join(' ')}`);
    // Before 7.2, nothing split regions up to the minimum.
    const keepsMinimum = hasFeature(await kernelFeatures(), 'goal_tuner');
    for (const count of counts) {
      assert.ok(count <= maxNrRegions);
      if (keepsMinimum) assert.ok(count >= minNrRegions);
    }
  };
}

/** Exactly one kdamond while a module is on, none when it is off. */
function switchesModule(name: 'damon_reclaim' | 'damon_lru_sort'): TestBody {
  return async (t) => {
    if (!existsSync(`/sys/module/${name}`)) t.skip('this kernel has no such module');
    switchDamonStatOff();
    assert.deepEqual(kdamondThreads(), []);
    await thermocline('modules', name, 'enabled=Y');
    assert.equal(kdamondThreads().length, 1);
    await thermocline('modules', name, 'enabled=N');
    assert.deepEqual(kdamondThreads(), []);
  };
}

/** A scheme in which no parameter is as it is by default. */
const everything: Scheme = {
  action: 'pageout',
  // The self-test has sizes from 4096 to 1024, which Thermocline refuses.
  pattern: {
    sizeBytes: { min: 1024, max: 4096 },
    nrAccesses: { min: 3, max: 317 },
    age: { min: 5, max: 71 },
  },
  applyIntervalUs: 1_000_000,
  quota: {
    timeMs: 100,
    sizeBytes: 100 * MIB,
    resetIntervalMs: 1500,
    weights: { sizePermil: 20, nrAccessesPermil: 200, agePermil: 1000 },
    goals: [{ metric: 'node_mem_used_bp', targetValue: 9950, currentValue: 0, nid: 1 }],
    goalTuner: 'temporal',
    failChargeNumerator: 1,
    failChargeDenominator: 4096,
  },
  watermarks: {
    metric: 'free_mem_rate',
    intervalUs: 500_000,
    highPermil: 500,
    midPermil: 400,
    lowPermil: 50,
  },
  filters: [
    { type: 'addr', matching: true, allow: false, range: { start: 42, end: 4242 } },
    { type: 'anon', matching: true, allow: true },
  ],
  targetNid: 1,
  destinations: [
    { nid: 1, weight: 30 },
    { nid: 0, weight: 70 },
  ],
  maxNrSnapshots: 0,
};

const suite: GuestSuite = {
  kernels: ['newest', '6.12'],
  topology: 'plain',
  // On a busy host, the kernel sees the working set, but not as steadily as to be of age.
  onRequest: true,
  tests: {
    async 'a working set is measured within 20 %'(t) {
      // Until one size passes, as in the self-test, which begins with 10 MiB: an emulated processor
      // is not through with that between two samples.
      for (const mebibytes of [4, 8]) {
        await using workload = await inTurns(mebibytes);
        const sized = [scheme('stat', { pattern: workingSet })];
        await using damon = await RunningDamon.start(processes([workload.pid], sized));
        const isSeen = async () => (await damon.triedBytes()) >= (mebibytes / 2) * MIB;
        await until(isSeen, 'half of it');
        const samples = await triedBytes(damon, 40);
        const halves = [50, 75].map((percent) => percentile(samples, percent) / MIB);
        t.note(`${halves.map((size) => size.toFixed(2)).join(' and ')} of ${mebibytes} MiB`);
        if (halves.every((size) => Math.abs(size - mebibytes) <= 0.2 * mebibytes)) return;
      }
      assert.fail('none of the sizes');
    },

    async 'no pass tries more than its quota'(t) {
      await using workload = await inTurns(4);
      const quota = { ...NO_QUOTA, sizeBytes: MIB, resetIntervalMs: 100 };
      const limited = [scheme('stat', { pattern: workingSet, quota })];
      await using damon = await RunningDamon.start(processes([workload.pid], limited));
      const samples = await triedBytes(damon, 30);
      const full = samples.filter((bytes) => bytes === MIB).length;
      const { nrQuotaExceeds } = await damon.stats();
      t.note(`${full} of ${samples.length} were 1 MiB; exceeded ${nrQuotaExceeds} times`);
      assert.ok(Math.max(...samples) <= MIB);
      assert.ok(full > 0, 'some are as large as they may be');
      assert.ok(nrQuotaExceeds >= BigInt(full));
    },

    async 'regions of different heat are told apart, and keep to bounds that are committed'(t) {
      await using workload = await stripes(14, 4);
      await using damon = await RunningDamon.start(processes([workload.pid], watched));
      await sleep(3000);
      const counts = (await regionCounts(damon)).sort((a, b) => a - b);
      assert.ok(counts[4]! >= 14, counts.join(' '));
      const fewer = { minNrRegions: 3, maxNrRegions: 7, operationsUpdateIntervalUs: 100_000 };
      await damon.commit({ attrs: { ...damon.params.attrs, ...fewer } });
      await sleep(300);
      const after = (await damon.tried()).nrRegions;
      t.note(`14 of 4 MiB: ${counts.join(' ')}, then ${after}`);
      assert.ok(after <= 7);
    },

    'regions keep to their bounds, which are above what is there': keepsBounds(10, 20, 100),
    'regions keep to their bounds, which are below what is there': keepsBounds(15, 3, 10),

    async 'statistics refresh themselves'(t) {
      if (!hasFeature(await kernelFeatures(), 'refresh_ms')) t.skip('no such file');
      await using damon = await RunningDamon.start(physical(watched));
      const nrTried = () => Number(damon.read('contexts/0/schemes/0/stats/nr_tried'));
      assert.equal(nrTried(), 0);
      damon.write('refresh_ms', '100');
      await until(() => nrTried() > 0, 'figures without a command', 10_000);
      // The slot is ours all the same.
      await damon.commit({ attrs: { ...damon.params.attrs, maxNrRegions: 100 } });
    },

    'DAMON_RECLAIM is switched on and off': switchesModule('damon_reclaim'),
    'DAMON_LRU_SORT is switched on and off': switchesModule('damon_lru_sort'),

    async 'schemes whose folders somebody removes meanwhile'(t) {
      // What somebody has changed is left to him, so the slots are removed by hand.
      await using _ = {
        async [Symbol.asyncDispose]() {
          writeFileSync(`${kdamondsFolder}/nr_kdamonds`, '0');
        },
      };
      await using damon = await RunningDamon.start(physical(watched));
      damon.write('contexts/0/schemes/nr_schemes', '0');
      for (const command of ['update_schemes_stats', 'update_schemes_tried_regions']) {
        damon.write('state', command);
      }
      await assert.rejects(damon.stats(), ({ code, message }: ThermoclineError) => {
        t.note(message);
        return code === 'TC_BUSY' && message.includes('nr_schemes');
      });
    },

    async 'a process that ends, while its kdamond is asked again and again'(t) {
      // The self-test asks for 200 accesses, of which Thermocline says that none can be.
      const pattern = { ...MATCH_ALL, nrAccesses: { min: 20, max: 20 } };
      const child = spawn('sleep', ['2'], { stdio: 'ignore' });
      const never = [scheme('stat', { pattern })];
      await using damon = await RunningDamon.start(processes([child.pid!], never));
      let nrAnswers = 0;
      const askOn = async () => {
        for (;;) {
          await damon.triedBytes();
          nrAnswers += 1;
        }
      };
      const start = performance.now();
      await assert.rejects(askOn(), (error) => {
        assert.ok(error instanceof ThermoclineError, `${error}`);
        t.note(`${nrAnswers} answers in ${((performance.now() - start) / 1000).toFixed(1)} s`);
        t.note(error.message);
        return true;
      });
    },

    async 'and while it is watched'() {
      const child = spawn('sleep', ['60'], { stdio: 'ignore' });
      const words = ['watch', '--kernel', '--pid', `${child.pid}`, '--every', '500ms'];
      const watching = callCommand(...words, '--ceiling', '100');
      await until(() => kdamondThreads().length === 1, 'its kdamond');
      child.kill();
      const { status, stdout, stderr } = await watching;
      assert.match(stdout, /None of the watched targets is left\.$/m, stderr);
      assert.equal(status, 0);
    },

    async 'paths of cgroups are kept as written, and earlier ones freed'(t) {
      await using slots = new OurSlots();
      const { slot } = await slots.take();
      const folder = `kdamonds/${slot.claim.slot}/contexts`;
      const filters = `${folder}/0/schemes/0/filters`;
      const made = [`${folder}/nr_contexts`, `${folder}/0/schemes/nr_schemes`];
      for (const path of [...made, `${filters}/nr_filters`]) {
        await applyWrites(slots.files, [{ path, text: '1' }]);
      }
      // Each of them reads back as it was written, or this throws.
      const write = (nr: number) => ({
        path: `${filters}/0/memcg_path`,
        text: `/${nr}/`.padEnd(4000, 'x'),
      });
      const before = meminfoBytes('SUnreclaim');
      const writes = Array.from({ length: 512 }, (_, nr) => write(nr));
      await applyWrites(slots.files, writes);
      const grown = meminfoBytes('SUnreclaim') - before;
      t.note(`after 512 of 4000 bytes, the kernel's own memory has grown by ${grown / 1024} KiB`);
      assert.ok(grown < MIB, 'all together would be 2 MiB');
      await slots.files.write(`kernel/mm/damon/admin/${made[0]}`, '0');
    },

    async 'a commit of all parameters is in force, also while paused'(t) {
      const features = await kernelFeatures();
      const isNew = hasFeature(features, 'pause') === true;
      await using damon = await RunningDamon.start(physical(watched));
      const commit = async (change: Partial<Params>) => {
        await damon.commit(change);
        assert.deepEqual(running(damon), withoutRanges(damon.params));
        assert.deepEqual(damon.readParams(), damon.params);
      };
      assert.deepEqual(running(damon), withoutRanges(damon.params));
      await commit({
        paused: isNew,
        attrs: {
          ...DEFAULT_ATTRS,
          sampleIntervalUs: 100_000,
          aggregationIntervalUs: 2_000_000,
          operationsUpdateIntervalUs: 2_000_000,
          ...(isNew && {
            intervalsGoal: {
              accessBp: 400,
              aggregations: 3,
              minSampleIntervalUs: 5_000,
              maxSampleIntervalUs: 10_000_000,
            },
          }),
        },
        // 6.12 takes no further commit while all schemes wait for their watermarks.
        schemes: isNew ? [everything] : [asOf612(everything), ...watched],
      });
      const pid = Number(damon.read('pid'));
      await commit({ paused: false, attrs: DEFAULT_ATTRS, schemes: [] });
      assert.equal(Number(damon.read('pid')), pid, 'it is the same kdamond');
      t.note(isNew ? 'all of them' : 'those that this kernel has');
    },

    async 'a commit drops the second of three processes'(t) {
      if (!hasFeature(await kernelFeatures(), 'obsolete_target')) t.skip('no such file');
      const children = [1, 2, 3].map(() => spawn('sleep', ['60'], { stdio: 'ignore' }));
      const pids = children.map(({ pid }) => pid!);
      await using damon = await RunningDamon.start(processes(pids, []));
      assert.deepEqual(running(damon), damon.params);
      const targets = damon.params.targets.map((target, index) => ({
        ...target,
        obsolete: index === 1,
      }));
      await damon.commit({ targets, paused: true });
      const left = targets.filter(({ obsolete }) => !obsolete);
      assert.deepEqual(running(damon), { ...damon.params, targets: left });
      for (const child of children) child.kill();
    },

    async 'a commit without a change changes nothing'() {
      const allow = hasFeature(await kernelFeatures(), 'allow filters') === true;
      const filtered = [scheme('stat', { filters: [{ type: 'anon', matching: true, allow }] })];
      await using damon = await RunningDamon.start(physical(filtered));
      // Ours writes nothing, so the kernel's own is called too.
      await damon.commit({});
      damon.write('state', 'commit');
      assert.deepEqual(running(damon), withoutRanges(damon.params));
    },

    'the kernel has complained of nothing'() {
      const said = execFileSync('dmesg', { encoding: 'utf8' });
      assert.deepEqual(said.match(/^.*(BUG|WARNING|Oops|Call Trace|hung|blocked for).*$/gm), null);
    },
  },
};
export default suite;

function running(damon: RunningDamon): Params {
  return runningParams(Number(damon.read('pid')));
}

function withoutRanges(params: Params): Params {
  return { ...params, targets: params.targets.map((target) => ({ ...target, regions: [] })) };
}

/** Without what came after 6.12. */
function asOf612(one: Scheme): Scheme {
  const { quota, filters } = one;
  return {
    ...one,
    quota: {
      ...quota,
      goals: [{ metric: 'some_mem_psi_us', targetValue: 9950, currentValue: 0 }],
      goalTuner: 'consist',
      failChargeNumerator: 0,
      failChargeDenominator: 0,
    },
    filters: filters.map((filter) => ({ ...filter, allow: false })),
    destinations: [],
  };
}
