/** No command leaves a kernel other than as booted; DAMON_STAT, where it runs, runs on. */
import type { GuestSuite } from './harness.ts';
import { testsBeside } from './other-users.ts';

const suite: GuestSuite = {
  kernels: ['newest', '6.12'],
  topology: 'plain',
  onRequest: true,
  tests: testsBeside(['the kernel as booted']),
};
export default suite;
