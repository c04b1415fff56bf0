import { describe, expect, test } from 'vitest';
import { damonFilesSuite, newTree, runDamonFilesCheck } from '../../test/damon-files-suite.ts';
import { freshText } from '../kernel/fresh-values.ts';
import { ADMIN_FOLDER, SysfsError } from '../kernel/sysfs-files.ts';
import { FakeDamonSysfs } from './fake-damon-sysfs.ts';

const KDAMONDS = `${ADMIN_FOLDER}/kdamonds`;
const SLOT = `${KDAMONDS}/0`;
const CONTEXT = `${SLOT}/contexts/0`;
const SCHEME = `${CONTEXT}/schemes/0`;
const MIB = 2 ** 20;

/** What the kernel says to a write: an error number, or null. */
async function answer(files: FakeDamonSysfs, path: string, text: string): Promise<string | null> {
  try {
    await files.write(path, text);
    return null;
  } catch (error) {
    return (error as SysfsError).errno;
  }
}

async function writeAll(files: FakeDamonSysfs, writes: readonly [string, string][]) {
  for (const [path, text] of writes) await files.write(path, text);
}

/** One process with one scheme that matches everything, not started. */
async function setUp(options: ConstructorParameters<typeof FakeDamonSysfs>[0] = {}) {
  const files = new FakeDamonSysfs(options);
  await writeAll(files, [
    [`${KDAMONDS}/nr_kdamonds`, '1'],
    [`${SLOT}/contexts/nr_contexts`, '1'],
    [`${CONTEXT}/targets/nr_targets`, '1'],
    [`${CONTEXT}/targets/0/pid_target`, '42'],
    [`${CONTEXT}/schemes/nr_schemes`, '1'],
    [`${SCHEME}/access_pattern/sz/max`, '18446744073709551615'],
    [`${SCHEME}/access_pattern/nr_accesses/max`, '4294967295'],
    [`${SCHEME}/access_pattern/age/max`, '4294967295'],
  ]);
  return files;
}

describe.each(['6.1', '6.12', '7.3'] as const)('as on a kernel %s', (release) => {
  test.each(Object.keys(damonFilesSuite))('%s', async (name) => {
    const files = new FakeDamonSysfs({ release });
    const pass = async (durationMs: number) => files.runFor(durationMs * 1000);
    await runDamonFilesCheck(name, { files, pid: 42, pass });
  });
});

test('new folders hold what staging and ownership think that they do', async () => {
  const tree = await newTree(new FakeDamonSysfs());
  const values = Object.entries(tree).filter(
    ([path]) => path.startsWith('contexts/0/') && !/\/(nr_\w+|avail_operations)$/.test(path),
  );
  expect(values.length).toBeGreaterThan(70);
  for (const [path, text] of values) expect([path, text]).toEqual([path, `${freshText(path)}\n`]);
});

describe('folders', () => {
  test('come and go with their nr file, always new', async () => {
    const files = await setUp();
    expect(files.list(KDAMONDS).toSorted()).toEqual(['0', 'nr_kdamonds']);
    await files.write(`${SCHEME}/target_nid`, '3');
    await files.write(`${CONTEXT}/schemes/nr_schemes`, '1');
    expect(files.read(`${SCHEME}/target_nid`)).toBe('-1\n');
    await files.write(`${SLOT}/contexts/nr_contexts`, '0');
    expect(files.exists(CONTEXT)).toBe(false);
  });

  test('hold what a new context of the kernel holds', async () => {
    const files = await setUp();
    const monitoring = files.dump(`${CONTEXT}/monitoring_attrs`);
    expect(
      Object.entries(monitoring).map(([path, text]) => `${path.split('attrs/')[1]} ${text.trim()}`),
    ).toEqual([
      'intervals/aggr_us 100000',
      'intervals/intervals_goal/access_bp 0',
      'intervals/intervals_goal/aggrs 0',
      'intervals/intervals_goal/max_sample_us 0',
      'intervals/intervals_goal/min_sample_us 0',
      'intervals/sample_us 5000',
      'intervals/update_us 60000000',
      'nr_regions/max 1000',
      'nr_regions/min 10',
      'probes/nr_probes 0',
    ]);
    expect(files.read(`${CONTEXT}/avail_operations`)).toBe('vaddr\nfvaddr\npaddr\n');
    expect(files.read(`${SCHEME}/action`)).toBe('stat\n');
    expect(files.read(`${SLOT}/pid`)).toBe('-1\n');
  });

  test('are those of their release', async () => {
    const old = await setUp({ release: '6.1' });
    expect(old.list(SCHEME).toSorted()).toEqual([
      'access_pattern',
      'action',
      'quotas',
      'stats',
      'watermarks',
    ]);
    const stable = await setUp({ release: '6.12' });
    expect(stable.exists(`${SCHEME}/filters/nr_filters`)).toBe(true);
    expect(stable.exists(`${SCHEME}/core_filters`)).toBe(false);
    expect(await answer(stable, `${SCHEME}/action`, 'migrate_hot')).toBeNull();
    expect(await answer(stable, `${SCHEME}/action`, 'collapse')).toBe('EINVAL');
    expect(await answer(stable, `${SLOT}/refresh_ms`, '1')).toBe('EACCES');
  });
});

test.each([
  ['contexts/nr_contexts', '2', 'EINVAL'],
  ['contexts/nr_contexts', '-1', 'EINVAL'],
  ['contexts/0/schemes/nr_schemes', '99999999999', 'ERANGE'],
  ['contexts/0/monitoring_attrs/probes/nr_probes', '5', 'EINVAL'],
  ['contexts/0/addr_unit', '0', 'EINVAL'],
  ['contexts/0/addr_unit', '0x10\n', null],
  ['contexts/0/operations', 'paddr\n', null],
  ['contexts/0/operations', 'PADDR', 'EINVAL'],
  ['contexts/0/pause', 'on', null],
  ['contexts/0/pause', 'maybe', 'EINVAL'],
  ['contexts/0/targets/0/pid_target', '99999999999', 'EINVAL'],
  ['contexts/0/schemes/0/access_pattern/sz/min', '18446744073709551615', null],
  ['contexts/0/schemes/0/access_pattern/sz/min', '18446744073709551616', 'ERANGE'],
  ['contexts/0/schemes/0/access_pattern/sz/min', '-1', 'EINVAL'],
  ['contexts/0/schemes/0/access_pattern/sz/min', '1 2', 'EINVAL'],
  ['contexts/0/schemes/0/quotas/weights/sz_permil', '4294967296', 'ERANGE'],
  ['contexts/0/schemes/0/quotas/fail_charge_num', '4294967296', 'EINVAL'],
  ['contexts/0/schemes/0/quotas/bytes', '18446744073709551616', 'EINVAL'],
  ['contexts/nr_contexts', '', null],
  ['contexts/0/schemes/0/quotas/effective_bytes', '1', 'EACCES'],
  ['contexts/0/schemes/0/nothing', '1', 'EACCES'],
  ['state', 'start', 'EINVAL'],
  ['state', 'off', 'EINVAL'],
  ['state', 'commit', 'EINVAL'],
  ['state', 'update_schemes_stats', 'EINVAL'],
  ['state', 'clear_schemes_tried_regions', null],
])('%s answers %j with %s', async (file, text, errno) => {
  const files = await setUp();
  expect(await answer(files, `${SLOT}/${file}`, text)).toBe(errno);
});

describe('filters', () => {
  test.each([
    ['filters', 'addr', null],
    ['filters', 'unmapped', null],
    ['core_filters', 'addr', null],
    ['core_filters', 'anon', 'EINVAL'],
    ['ops_filters', 'anon', null],
    ['ops_filters', 'target', 'EINVAL'],
  ])('%s answers %s with %s', async (list, type, errno) => {
    const files = await setUp();
    await files.write(`${SCHEME}/${list}/nr_filters`, '1');
    expect(files.read(`${SCHEME}/${list}/0/type`)).toBe('anon\n');
    expect(await answer(files, `${SCHEME}/${list}/0/type`, type)).toBe(errno);
  });
});

describe('a kdamond', () => {
  test('runs the core, whose figures come with commands only', async () => {
    const files = await setUp();
    await files.write(`${SLOT}/state`, 'on');
    expect(files.read(`${SLOT}/state`)).toBe('on\n');
    expect(Number(files.read(`${SLOT}/pid`))).toBeGreaterThan(0);
    files.runFor(2_000_000);
    expect(files.read(`${SCHEME}/stats/sz_tried`)).toBe('0\n');
    await files.write(`${SLOT}/state`, 'update_schemes_stats');
    // Twenty passes over 64 MiB; the first is at the end of the first aggregation interval.
    expect(files.read(`${SCHEME}/stats/sz_tried`)).toBe(`${20 * 64 * MIB}\n`);
    await files.write(`${SLOT}/state`, 'update_schemes_tried_regions');
    expect(files.read(`${SCHEME}/tried_regions/total_bytes`)).toBe(`${64 * MIB}\n`);
    expect(files.read(`${SCHEME}/tried_regions/0/nr_accesses`)).toBe('20\n');
    expect(files.read(`${SCHEME}/tried_regions/0/start`)).toBe('0\n');
    await files.write(`${SLOT}/state`, 'clear_schemes_tried_regions');
    expect(files.list(`${SCHEME}/tried_regions`)).toEqual(['total_bytes']);
  });

  test('keeps slots from being made or removed, but not its own files', async () => {
    const files = await setUp();
    await files.write(`${SLOT}/state`, 'on');
    expect(await answer(files, `${KDAMONDS}/nr_kdamonds`, '2')).toBe('EBUSY');
    expect(await answer(files, `${SLOT}/state`, 'on')).toBe('EBUSY');
    expect(await answer(files, `${SLOT}/contexts/nr_contexts`, '0')).toBeNull();
    expect(await answer(files, `${SLOT}/state`, 'commit')).toBe('EINVAL');
    expect(await answer(files, `${SLOT}/state`, 'off')).toBeNull();
    expect(await answer(files, `${SLOT}/state`, 'off')).toBeNull();
    expect(files.read(`${SLOT}/pid`)).toBe('-1\n');
    expect(await answer(files, `${KDAMONDS}/nr_kdamonds`, '2')).toBeNull();
  });

  test('is told what to do by a commit, and not before', async () => {
    const files = await setUp();
    await files.write(`${SLOT}/state`, 'on');
    files.runFor(500_000);
    await files.write(`${SCHEME}/access_pattern/nr_accesses/min`, '20');
    await files.write(`${SLOT}/state`, 'update_schemes_tried_bytes');
    expect(files.read(`${SCHEME}/tried_regions/total_bytes`)).toBe(`${64 * MIB}\n`);
    await files.write(`${SLOT}/state`, 'commit');
    files.runFor(1_000_000);
    await files.write(`${SLOT}/state`, 'update_schemes_tried_bytes');
    const hotBytes = Number(files.read(`${SCHEME}/tried_regions/total_bytes`));
    expect(hotBytes).toBeGreaterThan(14 * MIB);
    expect(hotBytes).toBeLessThan(18 * MIB);
  });

  test('refuses attributes that contradict themselves, and a process that is gone', async () => {
    const files = await setUp({ processExists: (pid) => pid === 42 });
    await files.write(`${CONTEXT}/monitoring_attrs/nr_regions/min`, '2');
    expect(await answer(files, `${SLOT}/state`, 'on')).toBe('EINVAL');
    await files.write(`${CONTEXT}/monitoring_attrs/nr_regions/min`, '10');
    await files.write(`${CONTEXT}/targets/0/pid_target`, '43');
    expect(await answer(files, `${SLOT}/state`, 'on')).toBe('EINVAL');
    await files.write(`${CONTEXT}/targets/0/pid_target`, '42');
    expect(await answer(files, `${SLOT}/state`, 'on')).toBeNull();
  });

  test('cancels a walk when it has no schemes, and commands once it is off', async () => {
    const files = await setUp();
    await files.write(`${CONTEXT}/schemes/nr_schemes`, '0');
    await files.write(`${SLOT}/state`, 'on');
    expect(await answer(files, `${SLOT}/state`, 'update_schemes_tried_regions')).toBe('ECANCELED');
    await files.write(`${SLOT}/state`, 'off');
    expect(await answer(files, `${SLOT}/state`, 'commit')).toBe('ECANCELED');
  });

  test('refreshes its figures by itself when asked to', async () => {
    const files = await setUp();
    await files.write(`${SLOT}/refresh_ms`, '100');
    await files.write(`${SLOT}/state`, 'on');
    files.runFor(1_000_000);
    expect(Number(files.read(`${SCHEME}/stats/nr_tried`))).toBeGreaterThan(0);
  });
});

test('tuned intervals overwrite what the user wrote', async () => {
  const files = await setUp();
  const goal = `${CONTEXT}/monitoring_attrs/intervals/intervals_goal`;
  await writeAll(files, [
    [`${goal}/access_bp`, '400'],
    [`${goal}/aggrs`, '3'],
    [`${goal}/min_sample_us`, '5000'],
    [`${goal}/max_sample_us`, '10000000'],
    [`${CONTEXT}/monitoring_attrs/intervals/sample_us`, '50000'],
    [`${CONTEXT}/monitoring_attrs/intervals/aggr_us`, '1000000'],
    [`${SLOT}/state`, 'on'],
  ]);
  files.runFor(10_000_000);
  await files.write(`${SLOT}/state`, 'update_tuned_intervals');
  // A quarter is accessed all the time, far more than 4 %, so sampling gets quicker.
  expect(Number(files.read(`${CONTEXT}/monitoring_attrs/intervals/sample_us`))).toBeLessThan(
    50_000,
  );
});

describe('modules', () => {
  test('share DAMON with nobody', async () => {
    const files = await setUp({ statAtBoot: true });
    expect(files.read('module/damon_stat/parameters/enabled')).toBe('Y\n');
    expect(await answer(files, `${SLOT}/state`, 'on')).toBe('EBUSY');
    expect(await answer(files, 'module/damon_reclaim/parameters/enabled', 'Y')).toBe('EBUSY');
    await files.write('module/damon_stat/parameters/enabled', 'N');
    expect(await answer(files, `${SLOT}/state`, 'on')).toBeNull();
    expect(await answer(files, 'module/damon_stat/parameters/enabled', 'Y')).toBe('EBUSY');
  });

  test('that a release lacks are not there', () => {
    const files = new FakeDamonSysfs({ release: '6.12' });
    expect(files.list('module').toSorted()).toEqual(['damon_lru_sort', 'damon_reclaim']);
  });
});

test('a kdamond that has ended refuses otherwise on older kernels', async () => {
  const files = await setUp({ release: '6.12' });
  await writeAll(files, [
    [`${SLOT}/state`, 'on'],
    [`${SLOT}/state`, 'off'],
  ]);
  expect(await answer(files, `${SLOT}/state`, 'off')).toBe('EPERM');
  expect(await answer(files, `${SLOT}/state`, 'commit')).toBe('EINVAL');
});

test('who comes while a command blocks is told so', async () => {
  const files = await setUp();
  files.lockHeld = true;
  expect(await answer(files, `${SLOT}/state`, 'on')).toBe('EBUSY');
  expect(await answer(files, `${CONTEXT}/schemes/nr_schemes`, '2')).toBe('EBUSY');
  expect(() => files.read(`${SLOT}/pid`)).toThrow(SysfsError);
  expect(await answer(files, `${SCHEME}/action`, 'pageout')).toBeNull();
});
