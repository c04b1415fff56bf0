import { expect, test } from 'vitest';
import { namedMonitors } from './named-monitors.ts';

test('monitors of the kernel are named by what they watch', () => {
  expect(
    namedMonitors([
      'kernel:pid:7,8',
      'kernel:cgroup:/system.slice/db.service',
      'kernel:physical',
      'far=kernel:physical:1,2',
    ]),
  ).toEqual([
    { name: 'kernel-7', watch: { kind: 'kernel', pids: [7, 8] } },
    { name: 'kernel-db.service', watch: { kind: 'kernel', cgroup: '/system.slice/db.service' } },
    { name: 'kernel-physical', watch: { kind: 'kernel', physical: {} } },
    { name: 'far', watch: { kind: 'kernel', physical: { node: [1, 2] } } },
  ]);
});

test('only those of the kernel have something handed over', () => {
  expect(namedMonitors(['kernel:physical', 'pid:7'], 'damon_stat')).toEqual([
    { name: 'kernel-physical', watch: { kind: 'kernel', physical: {}, handover: 'damon_stat' } },
    { name: 'pid-7', watch: { kind: 'processes', pids: [7] } },
  ]);
});

test.each(['kernel:', 'kernel:7', 'kernel:pid:', 'kernel:pid:x', 'kernel:physical:-1'])(
  '%s is refused with what can be written',
  (text) => {
    expect(() => namedMonitors([text])).toThrow('write sim:SCENARIO, pid:NUMBER');
  },
);
