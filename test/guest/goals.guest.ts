/** Each goal metric moves the effective quota the way it should, by either tuner. */
import { hasFeature } from '../../src/kernel/features.ts';
import { NO_QUOTA } from '../../src/params/defaults.ts';
import type { Goal, GoalTuner, Scheme } from '../../src/params/types.ts';
import { MIB, physical, scheme } from './guest-params.ts';
import type { GuestSuite, TestContext } from './harness.ts';
import { Cgroup, swapOn, twoLists, until } from './memory-figures.ts';
import { kernelFeatures, RunningDamon } from './our-slots.ts';
import { startWorkload } from './workload.ts';

const sizeBytes = 8 * MIB;

function aimed(goal: Goal, goalTuner: GoalTuner, resetIntervalMs = 200): Partial<Scheme> {
  return { quota: { ...NO_QUOTA, sizeBytes, resetIntervalMs, goalTuner, goals: [goal] } };
}

/**
 * With the temporal tuner the quota is nothing while the goal is met, and all of it while not.
 *
 * @param met the same goal where the machine is beyond it
 * @param unmet where it can't be
 */
async function switchesOnAndOff(t: TestContext, met: Goal, unmet: Goal): Promise<void> {
  if (!hasFeature(await kernelFeatures(), 'goal_tuner')) t.skip('no temporal tuner');
  await using damon = await RunningDamon.start(physical([scheme('stat', aimed(met, 'temporal'))]));
  await until(async () => (await damon.effectiveBytes()) === 0n, 'a quota of nothing');
  await damon.commitScheme(aimed(unmet, 'temporal'));
  await until(async () => (await damon.effectiveBytes()) === BigInt(sizeBytes), 'all of the quota');
  await damon.commitScheme(aimed(met, 'temporal'));
  await until(async () => (await damon.effectiveBytes()) === 0n, 'nothing again');
}

const shareGoal = (metric: Goal['metric'], rest: Partial<Goal> = {}) => ({
  met: { metric, targetValue: 1, currentValue: 0, ...rest },
  unmet: { metric, targetValue: 10_000, currentValue: 0, ...rest },
});

const suite: GuestSuite = {
  onRequest: ['6.12'],
  kernels: ['newest', '6.12'],
  topology: 'plain',
  tests: {
    async 'user_input by the consist tuner: below the aim it grows, beyond it shrinks'(t) {
      const goal = (currentValue: number): Goal => ({
        metric: 'user_input',
        targetValue: 10_000,
        currentValue,
      });
      const change = (currentValue: number) => aimed(goal(currentValue), 'consist', 100);
      await using damon = await RunningDamon.start(physical([scheme('stat', change(0))]));
      const seen: bigint[] = [];
      for (const currentValue of [0, 15_000, 5_000, 18_000]) {
        await damon.commitScheme(change(currentValue));
        const before = await damon.effectiveBytes();
        const moved = async () => {
          const now = await damon.effectiveBytes();
          return currentValue < 10_000 ? now > before : now < before || now === 1n;
        };
        await until(moved, `a move from ${before} at ${currentValue}`);
        seen.push(await damon.effectiveBytes());
      }
      t.note(`${seen.join(', ')} bytes at 0, 15000, 5000, 18000 of 10000`);
    },

    async 'user_input by the temporal tuner: all or nothing'(t) {
      const goal = { metric: 'user_input', targetValue: 10_000 } as const;
      await switchesOnAndOff(
        t,
        { ...goal, currentValue: 10_000 },
        { ...goal, currentValue: 9_999 },
      );
    },

    async 'some_mem_psi_us rises with memory pressure'(t) {
      swapOn();
      await using group = new Cgroup('pressed');
      const goal: Goal = { metric: 'some_mem_psi_us', targetValue: 1_000, currentValue: 0 };
      await using damon = await RunningDamon.start(
        physical([scheme('stat', aimed(goal, 'consist', 100))]),
      );
      await until(async () => (await damon.effectiveBytes()) > 1000n, 'growth without pressure');
      const calm = await damon.effectiveBytes();
      group.write('memory.high', `${6 * MIB}`);
      await using _ = await startWorkload(8, { hotPercent: 100, group });
      let before = await damon.effectiveBytes();
      const shrinks = async () => {
        const now = await damon.effectiveBytes();
        const shrank = now < before;
        before = now;
        return shrank;
      };
      await until(shrinks, 'a smaller quota under pressure');
      t.note(`${calm} bytes in calm, ${before} under pressure`);
    },

    async node_mem_used_bp(t) {
      const { met, unmet } = shareGoal('node_mem_used_bp', { nid: 0 });
      await switchesOnAndOff(t, met, unmet);
    },

    async node_mem_free_bp(t) {
      const { met, unmet } = shareGoal('node_mem_free_bp', { nid: 0 });
      await switchesOnAndOff(t, met, unmet);
    },

    async node_memcg_used_bp(t) {
      await using group = new Cgroup('used');
      await using _ = await startWorkload(8, { hotPercent: 0, group });
      const { met, unmet } = shareGoal('node_memcg_used_bp', { nid: 0, memcgPath: group.path });
      await switchesOnAndOff(t, met, unmet);
    },

    async node_memcg_free_bp(t) {
      await using group = new Cgroup('free');
      await using _ = await startWorkload(16, { hotPercent: 0, group });
      const { met, unmet } = shareGoal('node_memcg_free_bp', { nid: 0, memcgPath: group.path });
      await switchesOnAndOff(t, met, unmet);
    },

    async active_mem_bp(t) {
      twoLists();
      await using _ = await startWorkload(8, { hotPercent: 0 });
      const { met, unmet } = shareGoal('active_mem_bp');
      await switchesOnAndOff(t, met, unmet);
    },

    async inactive_mem_bp(t) {
      const { met, unmet } = shareGoal('inactive_mem_bp');
      twoLists();
      await using _ = await startWorkload(8, { hotPercent: 0 });
      await switchesOnAndOff(t, met, unmet);
    },
  },
};
export default suite;
