import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readNamedFile } from './named-file.ts';

test('reads the whole text of a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'named-file-'));
  try {
    const file = join(folder, 'params.yaml');
    const text = 'schemes: []  # für später\n'.repeat(10_000);
    writeFileSync(file, text);
    expect(readNamedFile(file, 'The file')).toBe(text);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('refuses a device without end, whose size is 0', () => {
  expect(() => readNamedFile('/dev/zero', 'The scenario')).toThrow(
    'The scenario /dev/zero is larger than 16 MiB; name another file.',
  );
});

test('says what is wrong with a folder and with a name that is not there', () => {
  expect(() => readNamedFile('/proc', 'The file')).toThrow('The file /proc is a folder');
  expect(() => readNamedFile('/proc/nothing', 'The file')).toThrow('does not exist');
});
