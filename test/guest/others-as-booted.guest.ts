/** DAMON_STAT, with which the newest kernel boots, runs on as it was beside every command. */
import type { GuestSuite } from './harness.ts';
import { testsBeside } from './other-users.ts';

const suite: GuestSuite = {
  kernels: ['newest'],
  topology: 'plain',
  onRequest: true,
  tests: testsBeside(() => ({ [Symbol.dispose]() {} })),
};
export default suite;
