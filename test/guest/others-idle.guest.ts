/** No command changes the set-up of somebody who has not started it. */
import { HandMadeKdamond } from './hand-made-kdamond.ts';
import type { GuestSuite } from './harness.ts';
import { testsBeside } from './other-users.ts';

const suite: GuestSuite = {
  kernels: ['newest', '6.12'],
  topology: 'plain',
  onRequest: true,
  tests: testsBeside(({ pid }) => new HandMadeKdamond({ operations: 'vaddr', pid })),
};
export default suite;
