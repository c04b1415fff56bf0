import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RealSysfs, RealSysfsReader } from './real-sysfs.ts';
import { SysfsError } from './sysfs-files.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'thermocline-sysfs-'));
  mkdirSync(join(root, 'folder'));
  writeFileSync(join(root, 'folder/file'), 'a longer text\n');
});
afterEach(() => rmSync(root, { recursive: true }));

test('files are read and written, and never made', async () => {
  const files = new RealSysfs(root);
  expect(files.read('folder/file')).toBe('a longer text\n');
  expect(files.list('folder')).toEqual(['file']);
  await files.write('folder/file', '42');
  expect(files.read('folder/file')).toBe('42');
  await expect(files.write('folder/new', '1')).rejects.toMatchObject({ errno: 'ENOENT' });
  expect(files.exists('folder/new')).toBe(false);
});

test('what fails names the path and the error number', () => {
  const files = new RealSysfsReader(root);
  expect(() => files.read('folder')).toThrow(SysfsError);
  expect(() => files.list('none')).toThrow("none can't be read: the kernel said ENOENT.");
});

// Where /sys is something else, as in some sandboxes, there is no real tree to refuse.
const isReal = statfsSync('/sys').type === 0x62656572;

describe.skipIf(!isReal)('the real tree', () => {
  test('is refused as a root, and can be read', () => {
    expect(() => new RealSysfs('/sys')).toThrow(
      '/sys is the real sysfs of this machine, and nothing here may write to it; give another root.',
    );
    expect(new RealSysfsReader('/sys').exists('kernel')).toBe(true);
  });

  test('is refused behind a link too', async () => {
    // A file that takes no writes at all, should the refusal be broken.
    const file = '/sys/kernel/uevent_seqnum';
    symlinkSync('/sys/kernel', join(root, 'kernel'));
    const before = readFileSync(file, 'latin1');
    await expect(new RealSysfs(root).write('kernel/uevent_seqnum', before)).rejects.toMatchObject({
      code: 'TC_DENIED',
    });
  });
});
