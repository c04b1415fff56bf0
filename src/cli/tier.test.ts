import { afterAll, beforeAll, expect, test } from 'vitest';
import { runMain } from '../../test/run-main.ts';
import { FakeTree } from '../testing/fake-tree.ts';

let tree: FakeTree;
beforeAll(() => {
  const node = (nid: number) => `sys/devices/system/node/node${nid}`;
  const tiers = 'sys/devices/virtual/memory_tiering';
  const zone = (nid: number, first: number, pages: number) =>
    `Node ${nid}, zone   Normal\n        high     10\n        spanned  ${pages}\n  start_pfn:           ${first}\n`;
  tree = new FakeTree({
    'proc/meminfo': 'MemTotal: 786432 kB\nMemFree: 1024 kB\nSwapTotal: 2048 kB\n',
    'proc/iomem': '00000000-2fffffff : System RAM\n',
    'proc/zoneinfo': zone(0, 0, 0x20000) + zone(1, 0x20000, 0x10000),
    'sys/kernel/mm/numa/demotion_enabled': 'true\n',
    'sys/devices/system/node/online': '0-1\n',
    [`${node(0)}/meminfo`]: 'Node 0 MemTotal: 524288 kB\nNode 0 MemFree: 52428 kB\n',
    [`${node(0)}/cpulist`]: '0-1\n',
    [`${node(0)}/distance`]: '10 40\n',
    [`${node(0)}/access0/initiators/read_latency`]: '100\n',
    [`${node(1)}/meminfo`]: 'Node 1 MemTotal: 262144 kB\nNode 1 MemFree: 262144 kB\n',
    [`${node(1)}/cpulist`]: '\n',
    [`${node(1)}/distance`]: '40 10\n',
    [`${node(1)}/access0/initiators/read_latency`]: '400\n',
    [`${tiers}/memory_tier4/nodelist`]: '0\n',
    [`${tiers}/memory_tier90/nodelist`]: '1\n',
  });
});
afterAll(() => tree[Symbol.dispose]());

function run(...args: string[]) {
  const { proc, sys, cgroup } = tree.roots;
  const roots = ['--proc-root', proc, '--sysfs-root', sys, '--cgroup-root', cgroup];
  return runMain(...roots, 'tier', ...args);
}

test('plan names the tiers, what each node does, and the writes of both kdamonds', async () => {
  const { stdout, status } = await run('plan', '--bytes-per-second', '120M');
  expect(status).toBe(0);
  expect(stdout).toContain('tier 0     node 0: 512 MiB, 10 % free, 100 ns (by the kernel)');
  expect(stdout).toContain('tier 1     node 1: 256 MiB, 100 % free, no processors, 400 ns');
  expect(stdout).toMatch(
    /^node 0 +migrate regions .*node 1; .*node_mem_free_bp of node 0 is 1\.5 %/m,
  );
  expect(stdout).toMatch(
    /^node 1 +migrate regions accessed .* to node 0; .*node_mem_used_bp of node 0 is 99 %/m,
  );
  expect(stdout).toContain('  echo on > kdamonds/0/state\n');
  expect(stdout.trimEnd()).toMatch(/echo on > kdamonds\/1\/state$/);
  const { stdout: json } = await run('plan', '--json', '--bytes-per-second', '120M');
  const { contexts } = JSON.parse(json);
  expect(contexts[0].params.schemes[0].quota.sizeBytes).toBe(5_718_016);
});

test('status tells how far each aim is', async () => {
  const { stdout } = await run('status', '--free-share', '20%', '--use-share', '85%');
  expect(stdout).toContain('aim        node_mem_free_bp of node 0: 10 % of 20 %, not met');
  expect(stdout).toContain('aim        node_mem_used_bp of node 0: 90 % of 85 %, met');
});

test('simulate runs the same plan on a copy of these nodes', async () => {
  const { stdout, stderr } = await run('simulate', '--json');
  expect(stderr).toBe('');
  const { without, with: tiered } = JSON.parse(stdout);
  expect(tiered.nodes.map((node: { totalBytes: number }) => node.totalBytes)).toEqual([
    512 * 2 ** 20,
    256 * 2 ** 20,
  ]);
  // Over the whole run, the time until the hot memory is up included.
  expect(tiered.nodes[0].accessShare).toBeGreaterThan(0.85);
  expect(without.nodes[0].accessShare).toBeLessThan(0.2);
  expect(tiered.processes[0].throughput).toBeGreaterThan(without.processes[0].throughput);
  expect(tiered.busiestSecondBytes).toBeLessThanOrEqual(400 * 2 ** 20);
});

test('a run has to be told whose memory moves', async () => {
  for (const words of [[], ['--kernel', '--pid', '1']]) {
    const { status, stderr } = await run('run', ...words);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^thermocline: Say whose memory moves: --kernel .* or --pid .*\n$/);
  }
});

test('the kernel moves nothing where it has no DAMON', async () => {
  for (const mode of ['run', 'shadow']) {
    const { status, stderr } = await run(mode, '--kernel');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^thermocline: .*this kernel has no DAMON.*\n$/);
  }
});
