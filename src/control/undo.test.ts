import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { putBackFile } from './undo.ts';

const base = mkdtempSync(join(tmpdir(), 'thermocline-undo-'));
afterAll(() => rmSync(base, { recursive: true }));
let folder: string;
let cgroupRoot: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(base, 'case-'));
  cgroupRoot = join(folder, 'cgroup');
  file = join(cgroupRoot, 'app/memory.high');
  mkdirSync(join(cgroupRoot, 'app'), { recursive: true });
  writeFileSync(file, '67108864\n');
});

test('puts the content back, however often', () => {
  expect(putBackFile({ file, content: 'max\n' }, cgroupRoot)).toBe('restored');
  expect(putBackFile({ file, content: 'max\n' }, cgroupRoot)).toBe('restored');
  expect(readFileSync(file, 'utf8')).toBe('max\n');
});

test('a cgroup or a file that has gone needs nothing, and is not created', () => {
  rmSync(file);
  expect(putBackFile({ file, content: 'max' }, cgroupRoot)).toBe('gone');
  rmSync(join(cgroupRoot, 'app'), { recursive: true });
  expect(putBackFile({ file, content: 'max' }, cgroupRoot)).toBe('gone');
  expect(() => readFileSync(file)).toThrow('ENOENT');
});

describe('a journal that somebody has forged writes nowhere else', () => {
  /** Files that must stay as they are, and what a forged undo would call them. */
  function forgeries(): [name: string, path: string, victim: string][] {
    const victims = ['memory.high', 'outside/memory.high', 'cgroup-other/memory.high'];
    for (const victim of victims) {
      mkdirSync(join(folder, victim, '..'), { recursive: true });
      writeFileSync(join(folder, victim), 'untouched');
    }
    writeFileSync(join(cgroupRoot, 'app/memory.max'), 'untouched');
    const damon = join(cgroupRoot, 'kernel/mm/damon/admin/kdamonds/0');
    mkdirSync(damon, { recursive: true });
    writeFileSync(join(damon, 'memory.high'), 'untouched');
    writeFileSync(join(damon, 'state'), 'untouched');
    symlinkSync(join(folder, 'outside'), join(cgroupRoot, 'linked-folder'));
    mkdirSync(join(cgroupRoot, 'linked-file'));
    symlinkSync(join(folder, 'memory.high'), join(cgroupRoot, 'linked-file/memory.high'));
    return [
      ['outside the root', join(folder, 'memory.high'), join(folder, 'memory.high')],
      ['a sibling with the same beginning', join(folder, victims[2]!), join(folder, victims[2]!)],
      ['up and out', `${cgroupRoot}/app/../../memory.high`, join(folder, 'memory.high')],
      ['another file', join(cgroupRoot, 'app/memory.max'), join(cgroupRoot, 'app/memory.max')],
      ['a linked folder', `${cgroupRoot}/linked-folder/memory.high`, join(folder, victims[1]!)],
      ['a linked file', `${cgroupRoot}/linked-file/memory.high`, join(folder, 'memory.high')],
      ["DAMON's settings", join(damon, 'memory.high'), join(damon, 'memory.high')],
      ["DAMON's state", join(damon, 'state'), join(damon, 'state')],
      ['no absolute path', 'cgroup/app/memory.high', join(folder, 'memory.high')],
      ['a path with a zero byte', `${cgroupRoot}/app\0/memory.high`, join(folder, 'memory.high')],
    ];
  }

  test('by path', () => {
    for (const [name, path, victim] of forgeries()) {
      expect(() => putBackFile({ file: path, content: '1' }, cgroupRoot), name).toThrow(
        expect.objectContaining({ name: 'ThermoclineError' }),
      );
      expect(readFileSync(victim, 'utf8'), name).toBe('untouched');
    }
  });

  test('even where the root itself is said to be the DAMON tree', () => {
    const root = join(folder, 'kernel/mm/damon');
    mkdirSync(join(root, 'admin'), { recursive: true });
    writeFileSync(join(root, 'admin/memory.high'), 'untouched');
    const undo = { file: join(root, 'admin/memory.high'), content: '1' };
    expect(() => putBackFile(undo, root)).toThrow(expect.objectContaining({ code: 'TC_DENIED' }));
    expect(readFileSync(undo.file, 'utf8')).toBe('untouched');
  });

  test.each(['on', '', '-1', '1\n2', '64M', 'max max', '9'.repeat(21)])(
    'by content %j',
    (content) => {
      expect(() => putBackFile({ file, content }, cgroupRoot)).toThrow(
        expect.objectContaining({ code: 'TC_DENIED' }),
      );
      expect(readFileSync(file, 'utf8')).toBe('67108864\n');
    },
  );
});
