/** `thermocline tier run` that is killed: its guard leaves the machine as it was. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { kdamondsFolder, kdamondThreads } from './hand-made-kdamond.ts';
import type { GuestSuite } from './harness.ts';
import { until } from './memory-figures.ts';
import { everySwitch, prepareTiers, slowGroup, TierRun } from './tier-machine.ts';

const statSwitch = '/sys/module/damon_stat/parameters/enabled';

const suite: GuestSuite = {
  onRequest: true,
  kernels: ['newest'],
  topology: 'three-tiers',
  tests: {
    async 'soon after it was killed, all files are as before'(t) {
      prepareTiers();
      const files = everySwitch();
      const run = await TierRun.start(slowGroup());
      assert.equal(kdamondThreads().length, 3, 'one for each node');
      await run.end('SIGKILL');
      const start = performance.now();
      const nrKdamonds = () => readFileSync(`${kdamondsFolder}/nr_kdamonds`, 'utf8').trim();
      await until(
        () => nrKdamonds() === '0' && readFileSync(statSwitch, 'utf8') === files[statSwitch],
        'its kdamonds gone and DAMON_STAT back',
        15_000,
      );
      t.note(`${((performance.now() - start) / 1000).toFixed(1)} s`);
      assert.deepEqual(everySwitch(), files);
    },
  },
};
export default suite;
