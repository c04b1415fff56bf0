import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cgroupPids } from './cgroup-pids.ts';

let cgroup: string;
const roots = () => ({ proc: '/proc', sys: '/sys', cgroup });

beforeAll(() => {
  cgroup = mkdtempSync(join(tmpdir(), 'thermocline-cgroup-'));
  const add = (path: string, pids: string) => {
    mkdirSync(join(cgroup, path), { recursive: true });
    writeFileSync(join(cgroup, path, 'cgroup.procs'), pids);
  };
  add('service', '12\n13\n');
  add('service/worker', '14\n');
  add('other', '99\n');
  add('empty', '');
});
afterAll(() => rmSync(cgroup, { recursive: true }));

test('has the processes of the cgroup and of those below it', () => {
  expect(cgroupPids('/service', roots())).toEqual([12, 13, 14]);
  expect(cgroupPids('service/worker', roots())).toEqual([14]);
});

test('takes a path with the root in front', () => {
  expect(cgroupPids(join(cgroup, 'service/worker'), roots())).toEqual([14]);
});

test('says so when there is nothing to watch', () => {
  expect(() => cgroupPids('/empty', roots())).toThrow('The cgroup /empty has no processes');
});
