import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { parseScenario } from '../host/sim/index.ts';
import { VirtualMonitor } from '../monitor/virtual-monitor.ts';
import { publishStat, readStat, statParams } from './stat-stand-in.ts';

const stateDir = mkdtempSync(join(tmpdir(), 'thermocline-stat-'));
afterAll(() => rmSync(stateDir, { recursive: true }));

const scenario = parseScenario(
  `
nodes: [{ sizeBytes: 64 MiB }]
processes:
  - { name: idle, pid: 7, vmas: [{ name: heap, sizeBytes: 32 MiB }] }
`,
  'test.yaml',
);

test('figures of DAMON_STAT come from a monitor of physical memory, and go with it', async () => {
  const params = statParams([{ start: 0, end: 64 * 2 ** 20 }]);
  const monitor = new VirtualMonitor({ scenario, params });
  await monitor.start();
  monitor.advance(1_000_000);
  expect(readStat(stateDir)).toBeNull();
  {
    await using _published = publishStat(monitor, stateDir);
    await vi.waitFor(() => expect(readStat(stateDir)).not.toBeNull());
    const { memoryIdleMsPercentiles, estimatedMemoryBandwidthBytesPerSecond } = readStat(stateDir)!;
    expect(memoryIdleMsPercentiles).toHaveLength(101);
    expect(estimatedMemoryBandwidthBytesPerSecond).toBe(0);
    expect(memoryIdleMsPercentiles[100]).toBeGreaterThan(0);
  }
  expect(readStat(stateDir)).toBeNull();
  expect(await monitor.ended).toMatchObject({ reason: 'stopped' });
});
