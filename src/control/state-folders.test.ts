import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { announceStateFolder, stateFolders } from './state-folders.ts';

let base: string;
let usual: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'thermocline-folders-'));
  usual = join(base, 'usual');
  vi.stubEnv('THERMOCLINE_STATE_DIR', usual);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(base, { recursive: true });
});

function folder(name: string): string {
  mkdirSync(join(base, name), { mode: 0o700 });
  return join(base, name);
}

test('a folder is found for as long as it is announced', () => {
  expect(stateFolders()).toEqual([usual]);
  const other = folder('other');
  {
    using _announced = announceStateFolder(other);
    expect(stateFolders()).toEqual([usual, other]);
  }
  expect(stateFolders()).toEqual([usual]);
});

test('the usual folder is not announced to itself', () => {
  using _announced = announceStateFolder(folder('usual'));
  expect(readdirSync(usual)).toEqual([]);
});

test('one that is gone, or that others can write to, is left out', () => {
  using _gone = announceStateFolder(join(base, 'gone'));
  const open = folder('open');
  using _open = announceStateFolder(open);
  chmodSync(open, 0o777);
  expect(stateFolders()).toEqual([usual]);
});
