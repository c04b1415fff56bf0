/**
 * How DAMON's sysfs files behave, as checks that run on the kernel's own files and on the fake
 * alike: what holds on the one has to hold on the other.
 */
import assert from 'node:assert/strict';
import {
  ADMIN_FOLDER,
  SysfsError,
  type SysfsFiles,
  type SysfsReader,
  slotPath,
} from '../src/kernel/sysfs-files.ts';

/** What the checks run on. */
export interface DamonFiles {
  readonly files: SysfsFiles;
  /** A process that can be watched. */
  readonly pid: number;
  /** Lets kdamonds work for so long. */
  pass(durationMs: number): Promise<void>;
}

type Check = (on: DamonFiles) => Promise<void>;

export const NR_KDAMONDS: string = `${ADMIN_FOLDER}/kdamonds/nr_kdamonds`;
export const SCHEME: string = 'contexts/0/schemes/0';

/**
 * Checks by name. Each begins and ends with no slots; it needs a kernel without other users of
 * DAMON.
 */
export const damonFilesSuite: Readonly<Record<string, Check>> = {
  'nr files make folders anew': async (on) => {
    await setUp(on);
    const { files } = on;
    await write(on, `${SCHEME}/quotas/ms`, '3');
    await write(on, 'contexts/0/schemes/nr_schemes', '1');
    assert.equal(files.read(slotPath(0, `${SCHEME}/quotas/ms`)), '0\n');
    await write(on, 'contexts/nr_contexts', '0');
    assert.equal(files.exists(slotPath(0, 'contexts/0')), false);
  },
  'new folders hold what is known of them': async (on) => {
    await setUp(on);
    const expected = {
      state: 'off',
      pid: '-1',
      'contexts/0/operations': 'vaddr',
      'contexts/0/avail_operations': 'vaddr\nfvaddr\npaddr',
      'contexts/0/monitoring_attrs/intervals/sample_us': '5000',
      'contexts/0/monitoring_attrs/intervals/aggr_us': '100000',
      'contexts/0/monitoring_attrs/intervals/update_us': '60000000',
      'contexts/0/monitoring_attrs/nr_regions/min': '10',
      'contexts/0/monitoring_attrs/nr_regions/max': '1000',
      [`${SCHEME}/action`]: 'stat',
      [`${SCHEME}/watermarks/metric`]: 'none',
      [`${SCHEME}/quotas/reset_interval_ms`]: '0',
    };
    for (const [file, text] of Object.entries(expected)) {
      assert.equal(on.files.read(slotPath(0, file)), `${text}\n`, file);
    }
  },
  'values are taken or refused': async (on) => {
    await setUp(on);
    const answers = [
      ['contexts/nr_contexts', '2', 'EINVAL'],
      ['contexts/0/schemes/nr_schemes', '-1', 'EINVAL'],
      ['contexts/0/operations', 'PADDR', 'EINVAL'],
      ['contexts/0/operations', 'paddr\n', null],
      [`${SCHEME}/action`, 'nothing', 'EINVAL'],
      [`${SCHEME}/access_pattern/sz/min`, '18446744073709551615', null],
      [`${SCHEME}/access_pattern/sz/min`, '18446744073709551616', 'ERANGE'],
      [`${SCHEME}/access_pattern/sz/min`, '-1', 'EINVAL'],
      [`${SCHEME}/access_pattern/sz/min`, '1 2', 'EINVAL'],
      [`${SCHEME}/access_pattern/sz/min`, '0x10', null],
      ['contexts/0/targets/0/pid_target', 'me', 'EINVAL'],
      ['state', 'start', 'EINVAL'],
      ['state', 'off', 'EINVAL'],
      ['state', 'commit', 'EINVAL'],
      ['state', 'update_schemes_stats', 'EINVAL'],
    ] as const;
    for (const [file, text, errno] of answers) {
      assert.equal(await answer(on, slotPath(0, file), text), errno, `${file} ${text}`);
    }
    assert.equal(on.files.read(slotPath(0, `${SCHEME}/access_pattern/sz/min`)), '16\n');
  },
  'a kdamond starts once, forbids other slots, and stops twice': async (on) => {
    await setUp(on);
    await write(on, 'state', 'on');
    assert.equal(on.files.read(slotPath(0, 'state')), 'on\n');
    assert.ok(Number(on.files.read(slotPath(0, 'pid'))) > 0);
    assert.equal(await answer(on, slotPath(0, 'state'), 'on'), 'EBUSY');
    assert.equal(await answer(on, NR_KDAMONDS, '2'), 'EBUSY');
    await write(on, 'state', 'off');
    // Kernels differ in whether that is an error.
    const again = await answer(on, slotPath(0, 'state'), 'off');
    assert.ok(again === null || again === 'EPERM', `stopping twice: ${again}`);
    assert.equal(on.files.read(slotPath(0, 'pid')), '-1\n');
    const late = await answer(on, slotPath(0, 'state'), 'update_schemes_stats');
    assert.ok(late === 'ECANCELED' || late === 'EINVAL', `a command after the end: ${late}`);
  },
  'files below a running kdamond can be written by anybody': async (on) => {
    await setUp(on);
    await write(on, 'state', 'on');
    await write(on, 'contexts/nr_contexts', '0');
    assert.equal(await answer(on, slotPath(0, 'state'), 'commit'), 'EINVAL');
    assert.equal(on.files.read(slotPath(0, 'state')), 'on\n');
  },
  'statistics change by a command only': async (on) => {
    await setUp(on);
    for (const bound of ['sz', 'nr_accesses', 'age']) {
      await write(on, `${SCHEME}/access_pattern/${bound}/max`, '4294967295');
    }
    await write(on, `${SCHEME}/access_pattern/sz/max`, '18446744073709551615');
    await write(on, 'state', 'on');
    await on.pass(500);
    const tried = slotPath(0, `${SCHEME}/stats/nr_tried`);
    assert.equal(on.files.read(tried), '0\n');
    await write(on, 'state', 'update_schemes_stats');
    assert.ok(Number(on.files.read(tried)) > 0);
  },
  'attributes that contradict each other are not started': async (on) => {
    await setUp(on);
    await write(on, 'contexts/0/monitoring_attrs/nr_regions/min', '2');
    assert.equal(await answer(on, slotPath(0, 'state'), 'on'), 'EINVAL');
  },
};

/** Runs one check and leaves no slots, whether it holds or not. */
export async function runDamonFilesCheck(name: string, on: DamonFiles): Promise<void> {
  try {
    await damonFilesSuite[name]!(on);
  } finally {
    const isOn = on.files.exists(slotPath(0)) && on.files.read(slotPath(0, 'state')) === 'on\n';
    if (isOn) await write(on, 'state', 'off');
    await on.files.write(NR_KDAMONDS, '0');
  }
}

/**
 * Every file of a slot with one entry in each list, and what a kernel says that it holds, to be
 * compared between the fake and a kernel. Begins and ends with no slots.
 */
export async function newTree(files: SysfsFiles): Promise<Record<string, string>> {
  await newSlot(files);
  const tree = Object.fromEntries(
    filesBelow(files, slotPath(0)).map((path) => [
      path.slice(slotPath(0).length + 1),
      files.read(path),
    ]),
  );
  await files.write(NR_KDAMONDS, '0');
  return tree;
}

/** Makes a slot with one entry in each list. */
export async function newSlot(files: SysfsFiles): Promise<void> {
  await files.write(NR_KDAMONDS, '1');
  for (const list of LISTS) {
    const path = slotPath(0, list);
    if (files.exists(path)) await files.write(path, '1');
  }
}

/** Outer lists first. */
export const LISTS: readonly string[] = [
  'contexts/nr_contexts',
  'contexts/0/monitoring_attrs/probes/nr_probes',
  'contexts/0/monitoring_attrs/probes/0/filters/nr_filters',
  'contexts/0/targets/nr_targets',
  'contexts/0/targets/0/regions/nr_regions',
  'contexts/0/schemes/nr_schemes',
  `${SCHEME}/quotas/goals/nr_goals`,
  `${SCHEME}/dests/nr_dests`,
  `${SCHEME}/filters/nr_filters`,
  `${SCHEME}/core_filters/nr_filters`,
  `${SCHEME}/ops_filters/nr_filters`,
];

/** Paths of all files in a folder and the folders in it. */
export function filesBelow(files: SysfsReader, path: string): string[] {
  try {
    return files.list(path).flatMap((name) => filesBelow(files, `${path}/${name}`));
  } catch (error) {
    if (error instanceof SysfsError && error.errno === 'ENOTDIR') return [path];
    throw error;
  }
}

async function setUp(on: DamonFiles): Promise<void> {
  await on.files.write(NR_KDAMONDS, '1');
  await write(on, 'contexts/nr_contexts', '1');
  await write(on, 'contexts/0/targets/nr_targets', '1');
  await write(on, 'contexts/0/targets/0/pid_target', String(on.pid));
  await write(on, 'contexts/0/schemes/nr_schemes', '1');
}

function write({ files }: DamonFiles, file: string, text: string): Promise<void> {
  return files.write(slotPath(0, file), text);
}

/** What the kernel says to a write: the name of an error number, or null. */
async function answer({ files }: DamonFiles, path: string, text: string): Promise<string | null> {
  try {
    await files.write(path, text);
    return null;
  } catch (error) {
    if (error instanceof SysfsError) return error.errno;
    throw error;
  }
}
