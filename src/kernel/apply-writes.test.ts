import { describe, expect, test } from 'vitest';
import { FakeDamonSysfs } from '../testing/fake-damon-sysfs.ts';
import { applyWrites, KernelWriteError } from './apply-writes.ts';
import type { SysfsWrite } from './staging.ts';
import { ADMIN_FOLDER, type SysfsFiles, slotPath } from './sysfs-files.ts';

async function oneContext(options: ConstructorParameters<typeof FakeDamonSysfs>[0] = {}) {
  const files = new FakeDamonSysfs(options);
  await files.write(`${ADMIN_FOLDER}/kdamonds/nr_kdamonds`, '1');
  await files.write(slotPath(0, 'contexts/nr_contexts'), '1');
  return files;
}

const write = (file: string, text: string): SysfsWrite => ({ path: `kdamonds/0/${file}`, text });

async function failure(files: SysfsFiles, writes: readonly SysfsWrite[]) {
  const error = await applyWrites(files, writes).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(KernelWriteError);
  return error as KernelWriteError;
}

describe('an error says which file, which value, and what it most likely means', () => {
  test.each<[string, string, string, string]>([
    [
      'contexts/0/operations',
      'mm',
      'TC_INVALID',
      'Writing mm to kdamonds/0/contexts/0/operations failed with EINVAL: this kernel does not ' +
        'know the word, or does not take the number.',
    ],
    [
      'contexts/0/monitoring_attrs/nr_regions/min',
      '18446744073709551616',
      'TC_INVALID',
      'Writing 18446744073709551616 to kdamonds/0/contexts/0/monitoring_attrs/nr_regions/min ' +
        'failed with ERANGE: the number is too large for the field.',
    ],
    [
      'contexts/0/new_file',
      '1',
      'TC_DENIED',
      'Writing 1 to kdamonds/0/contexts/0/new_file failed with EACCES: this kernel has no such ' +
        'file, or its folder was removed meanwhile.',
    ],
    [
      'contexts/0/avail_operations',
      'x',
      'TC_DENIED',
      'Writing x to kdamonds/0/contexts/0/avail_operations failed with EACCES: only root may ' +
        'write there.',
    ],
    [
      'state',
      'commit',
      'TC_INVALID',
      'Writing commit to kdamonds/0/state failed with EINVAL: the kernel does not take the change ' +
        'as a whole, or nothing was ever started in this slot; what runs goes on unchanged.',
    ],
    [
      'state',
      'update_schemes_stats',
      'TC_INVALID',
      'Writing update_schemes_stats to kdamonds/0/state failed with EINVAL: this kernel does not ' +
        'know the command, or no kdamond runs in this slot.',
    ],
  ])('%s', async (file, text, code, message) => {
    const error = await failure(await oneContext(), [write(file, text)]);
    expect([error.code, error.message]).toEqual([code, message]);
    expect(error.write).toEqual(write(file, text));
  });

  test('when a module has DAMON for itself', async () => {
    const files = await oneContext({ statAtBoot: true });
    const error = await failure(files, [write('state', 'on')]);
    expect([error.code, error.errno]).toEqual(['TC_BUSY', 'EBUSY']);
    expect(error.message).toBe(
      'Writing on to kdamonds/0/state failed with EBUSY: a kdamond runs in this slot already, or ' +
        "one runs that shares DAMON with nobody, such as a module's.",
    );
  });

  test('when the kdamond has ended', async () => {
    const files = await oneContext();
    await applyWrites(files, [write('state', 'on'), write('state', 'off')]);
    const error = await failure(files, [write('state', 'commit')]);
    expect(error.message).toBe(
      'Writing commit to kdamonds/0/state failed with ECANCELED: the kdamond has ended or is ' +
        'inactive, or it has no scheme that could answer.',
    );
  });

  test('when something else writes there too', async () => {
    const files = await oneContext();
    const meddled: SysfsFiles = {
      read: (path) => files.read(path),
      list: (path) => files.list(path),
      exists: (path) => files.exists(path),
      async write(path, text) {
        await files.write(path, text);
        await files.write(path, '7000');
      },
    };
    const sample = 'contexts/0/monitoring_attrs/intervals/sample_us';
    const error = await failure(meddled, [write(sample, '5000')]);
    expect([error.code, error.errno]).toEqual(['TC_BUSY', null]);
    expect(error.message).toBe(
      `kdamonds/0/${sample} was written as 5000 and reads 7000: something else writes there too. ` +
        'Stop it, or use another slot.',
    );
  });
});

test('nothing is written after a write that fails', async () => {
  const files = await oneContext();
  const before = files.writes.length;
  await failure(files, [
    write('contexts/0/pause', 'Y'),
    write('contexts/0/operations', 'mm'),
    write('contexts/0/addr_unit', '2'),
  ]);
  expect(files.writes.slice(before).map(({ text }) => text)).toEqual(['Y', 'mm']);
});
