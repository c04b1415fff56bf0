/** `off`, `restore`, `doctor` and `top` as people run them, on the machine that runs the tests. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { ownIdentity } from '../host/linux/process-identity.ts';

const base = mkdtempSync(join(tmpdir(), 'thermocline-safety-'));
afterAll(() => rmSync(base, { recursive: true }));
let stateDir: string;
beforeEach(() => {
  stateDir = join(mkdtempSync(join(base, 'case-')), 'state');
});

const program = fileURLToPath(new URL('../../bin/thermocline.js', import.meta.url));

function thermocline(...args: string[]): SpawnSyncReturns<string> {
  const env = { ...process.env, THERMOCLINE_STATE_DIR: stateDir, NO_COLOR: '1' };
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env });
}

function leaveJournal(startTicks: number, file: string): void {
  mkdirSync(stateDir, { mode: 0o700 });
  const owner = { ...ownIdentity(), startTicks };
  const lines = [
    { type: 'begin', version: 1, owner, description: 'a test' },
    { type: 'step', id: 1, text: `echo 4096 > ${file}`, undo: { file, content: 'max\n' } },
  ];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(join(stateDir, `journal-${process.pid}-00000000.jsonl`), text);
}

test('off, and off --undo', () => {
  const off = thermocline('off');
  expect(off).toMatchObject({ status: 0, stderr: '' });
  expect(off.stdout).toMatch(/^Nothing acts, and nothing will until "thermocline off --undo"/);
  expect(existsSync(join(stateDir, 'disabled'))).toBe(true);
  expect(thermocline('off', '--undo')).toMatchObject({
    status: 0,
    stdout: 'Acting is allowed again.\n',
    stderr: '',
  });
  expect(existsSync(join(stateDir, 'disabled'))).toBe(false);
});

test('off names the process that does not stop', () => {
  leaveJournal(ownIdentity().startTicks, '/nowhere/memory.high');
  const { status, stdout, stderr } = thermocline('off', '--wait', '100ms');
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(`have not stopped: process ${process.pid} (a test).`);
});

test('restore puts back, says what, and the second time finds nothing', () => {
  const cgroupRoot = mkdtempSync(join(base, 'cgroup-'));
  const file = join(cgroupRoot, 'memory.high');
  writeFileSync(file, '4096\n');
  leaveJournal(1, file);
  expect(thermocline('restore', '--cgroup-root', cgroupRoot)).toMatchObject({
    status: 0,
    stdout: `${file} is "max" again.\nWhat process ${process.pid} left open is closed: a test.\n`,
    stderr: '',
  });
  expect(readFileSync(file, 'utf8')).toBe('max\n');
  expect(thermocline('restore').stdout).toBe('Nothing was left behind.\n');
});

test('restore refuses what a journal must not name, with one sentence and status 1', () => {
  const outside = join(base, 'memory.high');
  writeFileSync(outside, 'untouched');
  leaveJournal(1, outside);
  const { status, stdout, stderr } = thermocline('restore');
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^thermocline: ".*" is not written to: .*\n$/);
  expect(readFileSync(outside, 'utf8')).toBe('untouched');
});

test('doctor looks at the real machine, changes nothing, and ends well', () => {
  const { status, stdout, stderr } = thermocline('doctor', '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { groups } = JSON.parse(stdout);
  const names = groups.flatMap((group: { checks: { name: string }[] }) =>
    group.checks.map((check) => check.name),
  );
  expect(names).toContain('smaps');
  expect(names).toContain('process-madvise');
  expect(existsSync(stateDir)).toBe(false);
});

test('top lists this very process, once where it is not on a terminal', () => {
  const { status, stdout, stderr } = thermocline('top', '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(JSON.parse(stdout).processes).toContainEqual(
    expect.objectContaining({ pid: process.pid, unreadable: null }),
  );
});

test('top repeats as often as it is told to', () => {
  const { stdout } = thermocline('top', '--json', '--every', '100ms', '--count', '3');
  expect(stdout.trimEnd().split('\n')).toHaveLength(3);
});

test('top takes no sort key, interval or count that makes no sense', () => {
  for (const args of [
    ['--sort', 'x'],
    ['--every', '1us'],
    ['--count', '0'],
  ]) {
    expect(thermocline('top', ...args)).toMatchObject({ status: 2, stdout: '' });
  }
});
