/** Replays predict what running a policy does, on simulated workloads that a monitor sees well. */
import { expect, test } from 'vitest';
import { actual, meanOf, predicted } from '../bench/whatif/compare.ts';
import { paramsOf, trials } from '../bench/whatif/workloads.ts';

const SEEDS = [1, 2];

// The others are in "npm run bench -- whatif-truth": they hide from a monitor, and are missed.
test.each(['stairs', 'bursts', 'moving'])('%s', { timeout: 60_000 }, (name) => {
  const trial = trials().find((one) => one.name === name)!;
  const params = paramsOf(trial);
  const said = meanOf(SEEDS.map((seed) => predicted(trial.scenario, params, seed)));
  const was = meanOf(SEEDS.map((seed) => actual(trial.scenario, params, seed)));
  expect(Math.abs(said.savedBytes / was.savedBytes - 1)).toBeLessThan(0.1);
  expect(Math.abs(said.refaultedBytes / was.refaultedBytes - 1)).toBeLessThan(0.25);
});
