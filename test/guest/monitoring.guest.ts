/** What is monitored and how: probes, tuned intervals, bounds, several targets, address units. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasFeature } from '../../src/kernel/features.ts';
import { AUTO_INTERVALS_GOAL } from '../../src/params/defaults.ts';
import type { Params, Probe } from '../../src/params/types.ts';
import { MIB, physical, processes, rangeOf, scheme } from './guest-params.ts';
import type { GuestSuite } from './harness.ts';
import { Cgroup, meminfoBytes, until } from './memory-figures.ts';
import { kernelFeatures, RunningDamon } from './our-slots.ts';
import { startWorkload } from './workload.ts';

const watched = [scheme('stat')];

/** Share of all bytes that each probe hits, by its share of the samples. */
async function probeShares(damon: RunningDamon): Promise<number[]> {
  const { nrRegions, start, end, probeHits, maxNrAccesses } = await damon.tried();
  const nrProbes = damon.params.probes.length;
  const hits = Array<number>(nrProbes).fill(0);
  let all = 0;
  for (let row = 0; row < nrRegions; row++) {
    const bytes = end[row]! - start[row]!;
    all += bytes;
    for (let probe = 0; probe < nrProbes; probe++) {
      hits[probe]! += (bytes * probeHits![row * 4 + probe]!) / maxNrAccesses;
    }
  }
  return hits.map((bytes) => bytes / all);
}

const suite: GuestSuite = {
  kernels: ['newest', '6.12'],
  topology: 'plain',
  tests: {
    async 'probes count anonymous pages, and those of a cgroup'(t) {
      if (!hasFeature(await kernelFeatures(), 'probes')) t.skip('no probes');
      await using group = new Cgroup('probed');
      await using _ = await startWorkload(160, { hotPercent: 0, group });
      const judgement = { matching: true, allow: true };
      const probes: Probe[] = [
        { weight: 0, filters: [{ type: 'anon', ...judgement }] },
        { weight: 0, filters: [{ type: 'memcg', ...judgement, memcgPath: group.path }] },
      ];
      await using damon = await RunningDamon.start({ ...physical(watched), probes });
      await sleep(2000);
      const [anon, charged] = await probeShares(damon);
      const total = meminfoBytes('MemTotal');
      const truth = [meminfoBytes('AnonPages') / total, group.stat('anon') / total];
      const percent = (shares: readonly number[]) =>
        shares.map((share) => `${(100 * share).toFixed(1)} %`).join(' and ');
      t.note(`saw ${percent([anon!, charged!])}, true are ${percent(truth)}`);
      assert.ok(Math.abs(anon! - truth[0]!) <= 0.1);
      assert.ok(Math.abs(charged! - truth[1]!) <= 0.1);
      assert.ok(charged! > 0.05, 'something is there');
    },

    async 'weighted probes take the place of accesses'(t) {
      if (!hasFeature(await kernelFeatures(), 'probe weights')) t.skip('no weights');
      await using _ = await startWorkload(64, { hotPercent: 100 });
      const anon = { type: 'anon', matching: true, allow: true } as const;
      const probes: Probe[] = [{ weight: 1, filters: [anon] }];
      await using damon = await RunningDamon.start({ ...physical(watched), probes });
      await sleep(1000);
      const { nrAccesses } = await damon.tried();
      assert.ok(
        nrAccesses.every((count) => count === 0),
        'nothing is checked for accesses',
      );
      const [share] = await probeShares(damon);
      t.note(`${(100 * share!).toFixed(1)} % of the samples hit`);
      assert.ok(share! > 0.05);
    },

    async 'intervals tune themselves towards their aim'(t) {
      if (!hasFeature(await kernelFeatures(), 'intervals_goal')) t.skip('no goal');
      await using workload = await startWorkload(16, { hotPercent: 0 });
      const intervalsGoal = { ...AUTO_INTERVALS_GOAL, maxSampleIntervalUs: 80_000 };
      await using damon = await RunningDamon.start(rangeOf(workload, watched, { intervalsGoal }));
      const sampleUs = async () => {
        await damon.updateTunedIntervals();
        return Number(damon.read('contexts/0/monitoring_attrs/intervals/sample_us'));
      };
      // Nothing is accessed, so that it looks ever more rarely.
      await until(async () => (await sampleUs()) >= 20_000, 'samples of 20 ms or more');
      t.note(`from 5 ms to ${(await sampleUs()) / 1000} ms`);
      assert.ok((await sampleUs()) <= intervalsGoal.maxSampleIntervalUs);
    },

    async 'several processes, of which one is dropped by a commit'(t) {
      await using first = await startWorkload(4);
      await using second = await startWorkload(4);
      await using damon = await RunningDamon.start(processes([first.pid, second.pid], watched));
      const sees = async ({ start, end }: { start: number; end: number }) => {
        const snapshot = await damon.tried();
        return snapshot.start.some((at, row) => at < end && snapshot.end[row]! > start);
      };
      await until(async () => (await sees(first)) && (await sees(second)), 'both of them');
      if (!hasFeature(await kernelFeatures(), 'obsolete_target')) {
        return t.note('targets can not be dropped on this kernel');
      }
      const targets = damon.params.targets.map((target, index) => ({
        ...target,
        obsolete: index === 0,
      }));
      await damon.commit({ targets });
      await until(async () => !(await sees(first)), 'the first being gone');
      assert.ok(await sees(second));
    },

    async 'an address unit scales addresses and sizes alike'(t) {
      if (!hasFeature(await kernelFeatures(), 'addr_unit')) t.skip('no such file');
      const addrUnit = 4;
      const plain = physical(watched);
      const scaled: Params = {
        ...plain,
        addrUnit,
        minRegionSize: 4096 / addrUnit,
        targets: plain.targets.map((target) => ({
          ...target,
          regions: target.regions.map(({ start, end }) => ({
            start: start / addrUnit,
            end: end / addrUnit,
          })),
        })),
      };
      const sum = async (params: Params) => {
        await using damon = await RunningDamon.start(params);
        const { start, end } = await damon.tried();
        return [start[0]!, end.reduce((bytes, at, row) => bytes + at - start[row]!, 0)];
      };
      assert.deepEqual(await sum(scaled), await sum(plain));
      t.note(`${(await sum(scaled))[1]! / MIB} MiB either way`);
    },
  },
};
export default suite;
