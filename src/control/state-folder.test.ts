import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { checkStateFolder, openStateFolder, stateFolderPath } from './state-folder.ts';

const base = mkdtempSync(join(tmpdir(), 'thermocline-state-'));
afterAll(() => rmSync(base, { recursive: true }));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(base, 'case-'));
});

test('the environment names it first, then the right of the user decides', () => {
  const named = { THERMOCLINE_STATE_DIR: '/srv/state', XDG_RUNTIME_DIR: '/run/user/7' };
  expect(stateFolderPath(named, 0)).toBe('/srv/state');
  expect(stateFolderPath({ XDG_RUNTIME_DIR: '/run/user/0' }, 0)).toBe('/run/thermocline');
  expect(stateFolderPath({ XDG_RUNTIME_DIR: '/run/user/7' }, 7)).toBe('/run/user/7/thermocline');
  expect(stateFolderPath({}, 7)).toBe(join(tmpdir(), 'thermocline-7'));
});

test('is created for its owner alone, and taken as it is the next time', () => {
  const path = join(folder, 'parent/state');
  expect(openStateFolder(path)).toBe(path);
  expect(statSync(path).mode & 0o7777).toBe(0o700);
  writeFileSync(join(path, 'disabled'), '');
  expect(openStateFolder(path)).toBe(path);
  expect(statSync(join(path, 'disabled')).isFile()).toBe(true);
});

test('looking creates nothing', () => {
  const path = join(folder, 'state');
  expect(checkStateFolder(path)).toBe(false);
  expect(() => statSync(path)).toThrow('ENOENT');
});

describe('is refused, with a sentence and nothing created,', () => {
  const refused = (sentence: RegExp) =>
    expect.objectContaining({ code: 'TC_DENIED', message: expect.stringMatching(sentence) });

  test('when it is a symbolic link', () => {
    const target = join(folder, 'target');
    mkdirSync(target, { mode: 0o700 });
    symlinkSync(target, join(folder, 'state'));
    expect(() => openStateFolder(join(folder, 'state'))).toThrow(refused(/symbolic link/));
  });

  test('when it is a link to nowhere', () => {
    symlinkSync(join(folder, 'nowhere'), join(folder, 'state'));
    expect(() => openStateFolder(join(folder, 'state'))).toThrow(refused(/symbolic link/));
    expect(() => statSync(join(folder, 'nowhere'))).toThrow('ENOENT');
  });

  test('when others can write to it', () => {
    chmodSync(folder, 0o777);
    expect(() => openStateFolder(folder)).toThrow(refused(/written to by other users/));
  });

  test('when it is a file', () => {
    writeFileSync(join(folder, 'state'), '');
    expect(() => openStateFolder(join(folder, 'state'))).toThrow(refused(/not a folder/));
  });

  test('when it belongs to another user', () => {
    const other = process.geteuid!() + 1;
    const { geteuid } = process;
    process.geteuid = () => other;
    try {
      expect(() => openStateFolder(folder)).toThrow(refused(/belongs to another user/));
    } finally {
      process.geteuid = geteuid!;
    }
  });
});

test('a place where nothing can be created gives one sentence', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => openStateFolder(join(folder, 'file/state'))).toThrow(
    expect.objectContaining({
      code: 'TC_SYSTEM',
      message: expect.stringContaining("can't be created (ENOTDIR)"),
    }),
  );
});
