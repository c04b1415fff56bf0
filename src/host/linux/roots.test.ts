import { expect, test } from 'vitest';
import { resolveRoots } from './roots.ts';

test('an option comes before the environment, which comes before the usual place', () => {
  const environment = { THERMOCLINE_PROC_ROOT: '/e/proc', THERMOCLINE_SYSFS_ROOT: '/e/sys' };
  expect(resolveRoots({ procRoot: '/o/proc' }, environment)).toEqual({
    proc: '/o/proc',
    sys: '/e/sys',
    cgroup: '/sys/fs/cgroup',
  });
});
