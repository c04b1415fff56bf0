/** `plan` of every policy, as people run it, on a machine made of files. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runMain } from '../../../test/run-main.ts';
import { FakeTree } from '../../testing/fake-tree.ts';

let tree: FakeTree;
beforeAll(() => {
  tree = new FakeTree({
    'proc/meminfo': 'MemTotal: 8388608 kB\nMemFree: 2097152 kB\nMemAvailable: 4194304 kB\n',
    'proc/sys/kernel/osrelease': '7.3.4\n',
    'proc/iomem': '00100000-1ffffffff : System RAM\n',
    'proc/zoneinfo': `Node 0, zone    DMA32
        spanned  1048576
  start_pfn:           0
Node 0, zone   Normal
        spanned  1048576
  start_pfn:           1048576
`,
    'proc/7/maps': '1000-9000 rw-p 00000000 00:00 0    [heap]\n',
    'sys/devices/system/cpu/online': '0\n',
  });
});
afterAll(() => tree[Symbol.dispose]());

function run(...args: string[]) {
  const { proc, sys, cgroup } = tree.roots;
  const roots = ['--proc-root', proc, '--sysfs-root', sys, '--cgroup-root', cgroup];
  return runMain(...roots, ...args);
}

test('shows words and the writes that would start it', async () => {
  const { stdout, stderr, status } = await run('stat', 'plan', '--kernel');
  expect(status).toBe(0);
  // A tree without DAMON: the plan is for another machine.
  expect(stderr).toMatch(/^note: .* this kernel has no DAMON/);
  expect(stdout).toMatch(/^stat: watch how long/);
  expect(stdout).toContain('  echo paddr > kdamonds/0/contexts/0/operations\n');
  expect(stdout.trimEnd()).toMatch(/echo on > kdamonds\/0\/state$/);
});

test('as JSON has the parameters and the writes', async () => {
  const { stdout } = await run('lru-sort', 'plan', '--kernel', '--active-share', '30%', '--json');
  const plan = JSON.parse(stdout);
  expect(plan.params.schemes[0].quota.goals[0].targetValue).toBe(3000);
  expect(plan.knobs[0]).toEqual({ name: 'active-share', value: '30 %' });
  expect(plan.writes.at(-1)).toBe('echo on > kdamonds/0/state');
});

test('as damo has a file that damo reads, as module the parameters and what is lost', async () => {
  const damo = await run('lru-sort', 'plan', '--kernel', '--as', 'damo');
  expect(JSON.parse(damo.stdout).kdamonds[0].contexts[0].ops).toBe('paddr');
  const module = await run('lru-sort', 'plan', '--kernel', '--as', 'module');
  expect(module.stdout).toMatch(/^cd \/sys\/module\/damon_lru_sort\/parameters\n/);
  expect(module.stderr).toContain('note: It has a quota of time only');
  expect(module.stderr).not.toContain('begins with');
});

test('says what the module of reclaim, and writes without the loop, do not have', async () => {
  const module = await run('reclaim', 'plan', '--kernel', '--as', 'module');
  expect(module.stdout).toContain('echo 30000000 > min_age\n');
  expect(module.stderr).toContain('note: It takes only regions without any access');
  expect(module.stderr).toContain('note: It has one scheme, and none of stat beside it.\n');
  const sysfs = await run('reclaim', 'plan', '--kernel', '--as', 'sysfs');
  expect(sysfs.stdout).toMatch(/^# In a slot that nobody uses; here that is 0\.\n/);
  expect(sysfs.stderr).toContain('note: It is what a run begins with');
});

test('keeps to zones and mappings, which become addresses', async () => {
  const plan = async (...args: string[]) =>
    JSON.parse((await run('reclaim', 'plan', ...args, '--json')).stdout);
  const zone = await plan('--kernel', '--zone', 'Normal');
  expect(zone.params.targets[0].regions).toEqual([{ start: 2 ** 32, end: 2 ** 33 }]);
  expect(zone.watched).toMatch(/^zone Normal of the whole machine/);
  const mapping = await plan('--pid', '7', '--vma', '[heap]');
  // This machine has no swap, so that a filter on the type of pages comes behind these.
  const types = mapping.params.schemes[0].filters.map(({ type }: { type: string }) => type);
  expect(types).toEqual(['addr', 'addr', 'anon']);
  expect(mapping.notes).toContainEqual(
    expect.stringMatching(/^Of mapping \[heap\], as mapped now/),
  );
});

test.each([
  [['reclaim', 'plan', '--kernel', '--node', '3'], /Node 3 has no memory/, 1],
  [['reclaim', 'plan', '--kernel', '--zone', 'High'], /no zone High; there are DMA32, Normal/, 1],
  [['reclaim', 'plan', '--pid', '7', '--zone', 'Normal'], /write them with --kernel/, 2],
  [['reclaim', 'plan', '--kernel', '--vma', '[heap]'], /write it with one --pid/, 2],
  [['reclaim', 'plan', '--pid', '7', '--vma', 'heap'], /no mapping heap; it has \[heap\]/, 1],
  [['stat', 'plan', '--pid', '7', '--vma', '[heap]'], /stat has no scheme/, 1],
])('%j is refused with a reason', async (args, sentence, expected) => {
  const { stderr, status } = await run(...args);
  expect(stderr).toMatch(sentence);
  expect(status).toBe(expected);
});

test.each([
  [['stat', 'plan'], /write --pid or --cgroup, or --kernel/],
  [['stat', 'plan', '--pid', '1', '--cgroup', '/a'], /either --pid or --cgroup/],
  [['lru-sort', 'plan', '--kernel', '--active-share', 'much'], /--active-share is "much"/],
  [['lru-sort', 'plan', '--kernel', '--active-share', '100'], /from 1 % to 99 %/],
])('%j is wrong usage', async (args, sentence) => {
  const { stderr, status } = await run(...args);
  expect(stderr).toMatch(sentence);
  expect(status).toBe(2);
});

test('simulate plays the policy on a machine of a file, the same way each time', async () => {
  const scenario = fileURLToPath(new URL('../../../examples/scenarios/demo.yaml', import.meta.url));
  const simulate = (flag: string) => run('lru-sort', 'simulate', scenario, flag, '10s', '--json');
  const { stdout, status } = await simulate('--for');
  expect(status).toBe(0);
  const steps = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(steps.map(({ timeUs }) => timeUs)).toEqual([...Array(10)].map((_, at) => (at + 1) * 1e6));
  expect(steps.at(-1)).toMatchObject({ policy: 'lru-sort', mode: 'run', leftBytes: 0 });
  expect((await simulate('--until')).stdout).toBe(stdout);
});

test('an aim is read before anything starts', async () => {
  const words = ['stat', 'shadow', '--pid', '1', '--aim', 'p99 <= 20ms'];
  const { stderr, status } = await run(...words, '--aim-config', '/nowhere/metrics.yaml');
  expect(stderr).toMatch(/\/nowhere\/metrics.yaml can't be read/);
  expect(status).toBe(1);
  expect((await run('stat', 'shadow', '--pid', '1', '--aim', 'soon')).status).toBe(2);
});

test('status knows of no run where there is none', async () => {
  vi.stubEnv('THERMOCLINE_STATE_DIR', join(tree.folder, 'state'));
  expect((await run('stat', 'status')).stdout).toBe('No run of stat is known here.\n');
  expect(JSON.parse((await run('stat', 'status', '--json')).stdout)).toEqual({
    ...{ policy: 'stat', runs: [] },
  });
  vi.unstubAllEnvs();
});
