/** What the kernels bring of DAMON, and in what state it is before anybody has touched it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import {
  damonStatState,
  HandMadeKdamond,
  kdamondsFolder,
  kdamondThreads,
} from './hand-made-kdamond.ts';
import type { GuestSuite } from './harness.ts';

/** A file that only kernels with the feature have, below a slot with one context and one scheme. */
const featureFiles: Readonly<Record<string, string>> = {
  'apply intervals': 'contexts/0/schemes/0/apply_interval_us',
  'tried regions': 'contexts/0/schemes/0/tried_regions/total_bytes',
  'quota goals': 'contexts/0/schemes/0/quotas/goals/nr_goals',
  'intervals goal': 'contexts/0/monitoring_attrs/intervals/intervals_goal/access_bp',
  'core and ops filters': 'contexts/0/schemes/0/core_filters/nr_filters',
  'several destinations': 'contexts/0/schemes/0/dests/nr_dests',
  'goal tuners': 'contexts/0/schemes/0/quotas/goal_tuner',
  'charge for failures': 'contexts/0/schemes/0/quotas/fail_charge_num',
  'refresh by itself': 'refresh_ms',
  'address unit': 'contexts/0/addr_unit',
  pause: 'contexts/0/pause',
};
const sinceBefore612 = ['apply intervals', 'tried regions', 'quota goals'];

function features(): string[] {
  using _ = new HandMadeKdamond({ operations: 'vaddr', pid: process.pid });
  const found = Object.entries(featureFiles).filter(([, file]) =>
    existsSync(`${kdamondsFolder}/0/${file}`),
  );
  return found.map(([name]) => name);
}

const suite: GuestSuite = {
  kernels: ['newest', '6.12'],
  topology: 'plain',
  tests: {
    'the machine has two processors and one memory node'(t) {
      t.note(release());
      assert.equal(textOf('/sys/devices/system/cpu/online'), '0-1');
      assert.equal(textOf('/sys/devices/system/node/online'), '0');
    },

    'nobody has set up a kdamond'() {
      assert.equal(textOf(`${kdamondsFolder}/nr_kdamonds`), '0');
    },

    'DAMON_STAT runs on the newest kernel, and is unknown to 6.12'(t) {
      const running = damonStatState();
      assert.equal(running, release().startsWith('6.12.') ? null : true);
      t.note(running === null ? 'no DAMON_STAT' : 'DAMON_STAT is on');
      const threads = kdamondThreads();
      assert.deepEqual(threads, running ? ['kdamond.0'] : []);
    },

    'features show as files'(t) {
      const found = features();
      const missing = Object.keys(featureFiles).filter((name) => !found.includes(name));
      t.note(`has ${found.join(', ')}`);
      t.note(missing.length === 0 ? 'misses nothing' : `misses ${missing.join(', ')}`);
      assert.deepEqual(release().startsWith('6.12.') ? missing : found.slice(3), [
        ...Object.keys(featureFiles).filter((name) => !sinceBefore612.includes(name)),
      ]);
    },

    'a kdamond is refused with EBUSY while DAMON_STAT runs'(t) {
      if (!damonStatState()) t.skip('no DAMON_STAT');
      using kdamond = new HandMadeKdamond({ operations: 'vaddr', pid: process.pid });
      assert.throws(() => kdamond.command('on'), { code: 'EBUSY' });
      assert.equal(damonStatState(), true);
    },
  },
};
export default suite;

function textOf(file: string): string {
  return readFileSync(file, 'utf8').trim();
}
