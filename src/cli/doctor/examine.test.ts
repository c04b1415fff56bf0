import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { Check } from '../../control/diagnosis/check.ts';
import { examine } from '../../control/diagnosis/examine.ts';
import type { Roots } from '../../host/host.ts';
import type { Syscalls } from '../../host/linux/syscalls.ts';
import { formatDiagnosis } from './report.ts';

const base = mkdtempSync(join(tmpdir(), 'thermocline-doctor-'));
afterAll(() => rmSync(base, { recursive: true }));
let folder: string;
let roots: Roots;
let stateDir: string;
beforeEach(() => {
  folder = mkdtempSync(join(base, 'case-'));
  roots = { proc: join(folder, 'proc'), sys: join(folder, 'sys'), cgroup: join(folder, 'cgroup') };
  stateDir = join(folder, 'state');
  write({
    'proc/sys/kernel/osrelease': '6.12.0-test\n',
    'proc/meminfo': 'MemTotal: 1048576 kB\nMemFree: 524288 kB\nMemAvailable: 524288 kB\n',
    'proc/self/status': 'CapEff:\t0000000000000000\n',
    'sys/devices/system/cpu/online': '0-1\n',
  });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

const willing: Syscalls = {
  pidfdOpen: () => 99,
  close: () => {},
  processMadvise: () => 0,
  movePages: () => {},
};

function checkOf(name: string, syscalls: Syscalls | string = willing): Check | undefined {
  const { groups } = examine({ roots, stateDir, syscalls });
  return groups.flatMap((group) => group.checks).find((check) => check.name === name);
}

test('a bare machine: each thing that is missing is told, nothing throws', () => {
  const { kernelRelease, groups } = examine({ roots, stateDir, syscalls: 'No koffi.' });
  expect(kernelRelease).toBe('6.12.0-test');
  expect(groups.map((group) => group.name)).toEqual([
    ...['watching', 'acting', 'tuning', 'tiers', 'other actors', 'safety'],
  ]);
  const statuses = groups.flatMap(({ checks }) => checks.map(({ name, status }) => [name, status]));
  expect(statuses).toEqual([
    ['smaps', 'no'],
    ['idle-page-tracking', 'note'],
    ['pagemap-scan', 'note'],
    ['kernel-damon', 'no'],
    ['process-madvise', 'no'],
    ['move-pages', 'no'],
    ['capabilities', 'no'],
    ['swap', 'no'],
    ['cgroups', 'no'],
    ['pressure', 'no'],
    ['node-0', 'note'],
    ['absent', 'yes'],
    ['state-folder', 'note'],
  ]);
});

test('rights are read from the effective set and named', () => {
  const text = (1n << 19n) | (1n << 23n);
  write({ 'proc/self/status': `CapEff:\t${text.toString(16).padStart(16, '0')}\n` });
  expect(checkOf('capabilities')).toMatchObject({
    status: 'no',
    sentence:
      'Rights that matter: CAP_SYS_PTRACE, CAP_SYS_NICE; missing: CAP_DAC_OVERRIDE, CAP_SYS_ADMIN.',
  });
  expect(checkOf('process-madvise')?.status).toBe('yes');
  expect(checkOf('process-madvise', 'No koffi.')?.sentence).toContain('No koffi.');
});

test('a kdamond of somebody else is reported and left alone', () => {
  const rest = ['S', '1', '0', '0', '0', '0', '2097152', ...Array(44).fill('0')].join(' ');
  write({
    'proc/77/stat': `77 (kdamond.0) ${rest}\n`,
    'sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds': '1\n',
    'sys/kernel/mm/damon/admin/kdamonds/0/state': 'on\n',
    'sys/kernel/mm/damon/admin/kdamonds/0/pid': '77\n',
    'sys/kernel/mm/damon/admin/kdamonds/0/contexts/0/avail_operations': 'paddr\n',
  });
  expect(checkOf('kernel-damon')?.status).toBe('note');
  expect(checkOf('kernel-damon-operations')?.sentence).toBe(
    'It can watch paddr, and not vaddr (not built in).',
  );
  expect(checkOf('kernel-damon-running')?.sentence).toBe(
    'kdamond.0 (process 77) runs, set up in slot 0 of the sysfs interface: we will not touch it.',
  );
});

test('a kdamond of ours is not called somebody else’s', () => {
  const rest = ['S', '1', '0', '0', '0', '0', '2097152', ...Array(44).fill('0')].join(' ');
  const slot = 'sys/kernel/mm/damon/admin/kdamonds/0';
  write({
    'proc/77/stat': `77 (kdamond.0) ${rest}\n`,
    'sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds': '1\n',
    [`${slot}/state`]: 'on\n',
    [`${slot}/pid`]: '77\n',
    [`${slot}/contexts/nr_contexts`]: '0\n',
  });
  mkdirSync(join(stateDir, 'kernel'), { recursive: true, mode: 0o700 });
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const kdamond = { pid: 77, startTicks: 0 };
  const claim = { bootId, slot: 0, kdamond, written: {}, writing: null };
  const record = { claim, owner: null, purpose: '' };
  writeFileSync(join(stateDir, 'kernel/slot-0.json'), JSON.stringify(record));
  expect(checkOf('kernel-damon')?.status).toBe('yes');
  expect(checkOf('kernel-damon-running')?.sentence).toBe(
    'kdamond.0 (process 77) runs for Thermocline; "thermocline status" tells what it does.',
  );
});

test('pressure, swap and huge pages of a fuller machine', () => {
  write({
    'proc/pressure/memory': 'some avg10=0.00 total=3000000\nfull avg10=0.00 total=5\n',
    'proc/meminfo':
      'MemTotal: 1048576 kB\nMemFree: 1 kB\nSwapTotal: 2097152 kB\nSwapFree: 1048576 kB\n',
    'sys/kernel/mm/transparent_hugepage/enabled': '[always] madvise never\n',
  });
  expect(checkOf('pressure')).toMatchObject({
    status: 'yes',
    sentence: expect.stringContaining('3 s were lost'),
  });
  expect(checkOf('swap')?.sentence).toBe('1 GiB of 2 GiB of swap are free.');
  expect(checkOf('transparent-huge-pages')?.status).toBe('note');
});

test('what an interrupted run left is told, with the way out', () => {
  mkdirSync(stateDir, { mode: 0o700 });
  const owner = { pid: 4, startTicks: 1, bootId: 'gone' };
  const begin = { type: 'begin', version: 1, owner, description: 'a run' };
  writeFileSync(join(stateDir, 'journal-4-00000000.jsonl'), `${JSON.stringify(begin)}\n`);
  writeFileSync(join(stateDir, 'disabled'), '');
  expect(checkOf('run-abandoned')).toMatchObject({
    status: 'no',
    sentence: expect.stringContaining('"thermocline restore"'),
  });
  expect(checkOf('off-switch')?.sentence).toContain('"thermocline off --undo"');
  chmodSync(stateDir, 0o777);
  expect(checkOf('state-folder')?.status).toBe('no');
});

test('for people: headings, a sentence for each check, wrapped beside its status', () => {
  const check: Check = { name: 'x', status: 'note', sentence: 'one two three \x1b[2J four' };
  const groups = [{ name: 'other actors', checks: [check] }];
  const diagnosis = { kernelRelease: '6.12', architecture: 'x86_64', groups };
  expect(formatDiagnosis(diagnosis, 18).split('\n')).toEqual([
    'Linux 6.12 on x86_64',
    '',
    'Other actors',
    '  note  one two',
    '        three ?[2J',
    '        four',
  ]);
});

test("what the kernel's DAMON has, lacks, and does not tell without a start", () => {
  write({
    'proc/sys/kernel/osrelease': '6.12.95\n',
    'sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds': '1\n',
    'sys/kernel/mm/damon/admin/kdamonds/0/refresh_ms': '0\n',
    'sys/kernel/mm/damon/admin/kdamonds/0/contexts/nr_contexts': '0\n',
  });
  expect(checkOf('features-present')?.sentence).toBe('This kernel has refresh_ms.');
  expect(checkOf('features-absent')?.sentence).toContain('module damon_stat');
  expect(checkOf('features-unknown')?.sentence).toContain('intervals_goal');
  expect(checkOf('features-tested')?.status).toBe('yes');
});
