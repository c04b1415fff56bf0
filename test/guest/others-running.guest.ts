/** No command changes anything of a kdamond that somebody else runs. */
import type { GuestSuite } from './harness.ts';
import { testsBeside } from './other-users.ts';

const suite: GuestSuite = {
  kernels: ['newest', '6.12'],
  topology: 'plain',
  onRequest: true,
  tests: testsBeside(['a running kdamond', 'a kdamond that damo looks at']),
};
export default suite;
