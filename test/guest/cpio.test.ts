import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type CpioEntry, digestOf, withFolders, writeCpio } from './cpio.ts';

const script: CpioEntry = {
  path: 'bin/run',
  kind: 'file',
  executable: true,
  content: Buffer.from('hello'),
};

test('entries get the folders that they need, each once and first', () => {
  const link: CpioEntry = { path: 'bin/sub/go', kind: 'link', to: '../run' };
  expect(withFolders([script, link, script]).map((entry) => entry.path)).toEqual([
    'bin',
    'bin/run',
    'bin/sub',
    'bin/sub/go',
  ]);
});

test('an archive has headers of 110 digits, names and contents padded to four bytes', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'thermocline-cpio-'));
  try {
    const archive = path.join(folder, 'archive');
    writeCpio(archive, [script]);
    const bytes = readFileSync(archive, 'latin1');
    const fields = (at: number) => bytes.slice(at + 6, at + 110).match(/.{8}/g)!;
    expect(bytes.slice(0, 6)).toBe('070701');
    const [inode, mode, , , nrLinks, , size, , , , , nameSize] = fields(0);
    expect([inode, mode, nrLinks, size, nameSize]).toEqual([
      ...['00000001', '000081ed', '00000001', '00000005', '00000008'],
    ]);
    expect(bytes.slice(110, 128)).toBe('bin/run\0\0\0hello\0\0\0');
    expect(bytes.slice(128, 134)).toBe('070701');
    expect(bytes.slice(128 + 110, 128 + 120)).toBe('TRAILER!!!');
    expect(bytes.length % 4).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the digest tells contents, names and modes apart', () => {
  const variants: CpioEntry[] = [
    script,
    { ...script, content: Buffer.from('hallo') },
    { ...script, path: 'bin/ran' },
    { ...script, executable: false },
    { path: 'bin/run', kind: 'link', to: 'hello' },
  ];
  expect(new Set(variants.map((entry) => digestOf([entry]))).size).toBe(variants.length);
  expect(digestOf([script])).toBe(digestOf([{ ...script }]));
});
