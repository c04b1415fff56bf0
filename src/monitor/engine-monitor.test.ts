import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { parseScenario } from '../host/sim/index.ts';
import { DEFAULT_ATTRS } from '../params/defaults.ts';
import type { Params } from '../params/types.ts';
import { EngineMonitor, type EngineMonitorOptions } from './engine-monitor.ts';

const scenario = parseScenario(
  `
nodes: [{ sizeBytes: 64 MiB }]
processes:
  - name: worker
    pid: 1000
    vmas:
      - { name: heap, sizeBytes: 32 MiB }
      - { name: library, sizeBytes: 2 MiB }
      - { name: stack, sizeBytes: 1 MiB }
    accesses: [{ vma: heap, pattern: uniform, ratePerSecond: 1000, to: 0.25 }]
`,
  'test.yaml',
);

const params: Params = {
  operations: 'vaddr',
  addrUnit: 1,
  minRegionSize: 4096,
  attrs: { ...DEFAULT_ATTRS, sampleIntervalUs: 1000, aggregationIntervalUs: 10_000 },
  targets: [{ pid: 1000, regions: [], obsolete: false }],
  probes: [],
  schemes: [],
  paused: false,
};

function makeMonitor(changes: Partial<EngineMonitorOptions> = {}): EngineMonitor {
  // The ceiling is out of the way: tests count ticks.
  return new EngineMonitor({
    operations: { set: 'sim', scenario },
    params,
    seed: 1,
    cpuCeiling: 1,
    ...changes,
  });
}

/** A worker with the given program in place of the engine. */
function makeBroken(program: string): EngineMonitor {
  const preamble = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { port, control } = workerData;
    const started = () => port.postMessage({ type: 'answer', id: 0, value: {} });`;
  const code = encodeURIComponent(preamble + program);
  return makeMonitor({ workerEntry: new URL(`data:text/javascript,${code}`) });
}

describe('an engine monitor in its worker', () => {
  test('watches, answers at any moment and streams windows in order', async () => {
    await using monitor = makeMonitor();
    await monitor.start();
    expect(monitor.description.operationsSet).toBe('sim');
    const ticks: number[] = [];
    for await (const snapshot of monitor.snapshots()) {
      ticks.push(snapshot.tick);
      expect(snapshot.windowSamples).toBe(snapshot.maxNrAccesses);
      expect(snapshot.wallTimeUs).toBeGreaterThan(1.7e15);
      expect(snapshot.start.length).toBe(snapshot.nrRegions);
      if (ticks.length === 5) break;
    }
    expect(ticks.every((tick) => tick % 10 === 0)).toBe(true);
    expect(ticks).toEqual(ticks.toSorted((a, b) => a - b));
    const snapshot = await monitor.snapshot();
    expect(snapshot.tick).toBeGreaterThanOrEqual(ticks.at(-1)!);
    const stats = await monitor.stats();
    expect(stats.tick).toBeGreaterThanOrEqual(snapshot.tick);
    expect(stats.cost.cpuUs).toBeGreaterThan(0);
  });

  test('answers while it sleeps for long, and stops without waiting for the end of the sleep', async () => {
    const attrs = { ...DEFAULT_ATTRS, sampleIntervalUs: 6e8, aggregationIntervalUs: 6e9 };
    const monitor = makeMonitor({ params: { ...params, attrs } });
    await monitor.start();
    expect((await monitor.snapshot()).tick).toBe(0);
    await monitor.commit({ ...params, attrs: { ...attrs, maxNrRegions: 500 } });
    await monitor.pause();
    await monitor.stop();
    expect((await monitor.ended).reason).toBe('stopped');
  });

  test('samples while the main thread is busy', async () => {
    await using monitor = makeMonitor();
    await monitor.start();
    const before = (await monitor.stats()).tick;
    const until = performance.now() + 100;
    while (performance.now() < until);
    expect((await monitor.stats()).tick).toBeGreaterThan(before + 10);
  });

  test('refuses a commit with its sentence and goes on', async () => {
    await using monitor = makeMonitor();
    await monitor.start();
    const attrs = { ...params.attrs, minNrRegions: 1 };
    await expect(monitor.commit({ ...params, attrs })).rejects.toMatchObject({
      code: 'TC_INVALID',
      message: 'attrs.minNrRegions is 1; it must be at least 3.',
    });
    await expect(monitor.setGoalValue(0, 0, 1)).rejects.toMatchObject({ code: 'TC_INVALID' });
    await expect(monitor.stats()).resolves.toMatchObject({ schemes: [] });
  });

  test('pausing stops ticks until resumed', async () => {
    await using monitor = makeMonitor();
    await monitor.start();
    await monitor.pause();
    const windows = monitor.snapshots()[Symbol.asyncIterator]();
    const next = windows.next();
    const { tick } = await monitor.stats();
    for (let count = 0; count < 20; count++) {
      expect((await monitor.stats()).tick - tick).toBeLessThanOrEqual(1);
    }
    await monitor.resume();
    expect((await next).value?.tick).toBeGreaterThan(tick);
  });

  test('keeps under its ceiling by stretching the intervals', { timeout: 20_000 }, async () => {
    const attrs = { ...params.attrs, sampleIntervalUs: 500, aggregationIntervalUs: 10_000 };
    await using monitor = makeMonitor({ params: { ...params, attrs }, cpuCeiling: 1e-6 });
    await monitor.start();
    for await (const snapshot of monitor.snapshots()) {
      if (snapshot.sampleIntervalUs > attrs.sampleIntervalUs) break;
    }
    expect((await monitor.stats()).cost.stretch).toBeGreaterThan(1);
  });
});

describe('an engine monitor of a real process', () => {
  test('tells of its mappings and ends with it', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], {
      stdio: 'ignore',
    });
    await once(child, 'spawn');
    const pid = child.pid!;
    const roots = { proc: '/proc', sys: '/sys', cgroup: '/sys/fs/cgroup' };
    const attrs = { ...params.attrs, sampleIntervalUs: 20_000, aggregationIntervalUs: 40_000 };
    const targets = [{ pid, regions: [], obsolete: false }];
    await using monitor = makeMonitor({
      operations: { set: 'smaps', pids: [pid], roots, force: false, followChildren: false },
      params: { ...params, attrs, targets },
    });
    await monitor.start();
    for await (const snapshot of monitor.snapshots()) {
      expect(snapshot.nrRegions).toBeGreaterThan(0);
      break;
    }
    const stats = await monitor.stats();
    expect(stats.mappings.some((mapping) => mapping.pid === pid)).toBe(true);
    expect(stats.cost.lastClearUs).toBeGreaterThan(0);
    child.kill();
    expect((await monitor.ended).reason).toBe('targets-gone');
  });

  test('refuses one that does not exist', async () => {
    const roots = { proc: '/proc', sys: '/sys', cgroup: '/sys/fs/cgroup' };
    const pid = 2 ** 22 + 1;
    const monitor = makeMonitor({
      operations: { set: 'smaps', pids: [pid], roots, force: false, followChildren: false },
      params: { ...params, targets: [{ pid, regions: [], obsolete: false }] },
    });
    await expect(monitor.start()).rejects.toMatchObject({
      code: 'TC_NOT_FOUND',
      message: `There is no process ${pid}.`,
    });
  });
});

describe('an engine monitor that ends', () => {
  test('can be stopped twice, and before it has started', async () => {
    const monitor = makeMonitor();
    await monitor.start();
    await Promise.all([monitor.stop(), monitor.stop()]);
    await monitor.stop();
    const never = makeMonitor();
    await never.stop();
    expect(await never.ended).toEqual(await monitor.ended);
    await expect(never.start()).rejects.toMatchObject({ code: 'TC_NOT_FOUND' });
  });

  test('answers a late request with a sentence, and ends its streams', async () => {
    const monitor = makeMonitor();
    await expect(monitor.snapshot()).rejects.toMatchObject({ code: 'TC_BUSY' });
    await monitor.start();
    await expect(monitor.start()).rejects.toMatchObject({ code: 'TC_BUSY' });
    const reading = Array.fromAsync(monitor.snapshots());
    await monitor.stop();
    await reading;
    await expect(monitor.commit(params)).rejects.toMatchObject({
      code: 'TC_NOT_FOUND',
      message:
        'This monitor has ended, so there is nothing left to ask (Monitoring was stopped on ' +
        'request); start a new one.',
    });
    expect(await Array.fromAsync(monitor.snapshots())).toEqual([]);
  });

  test('rejects the start when the parameters can not be taken', async () => {
    const attrs = { ...params.attrs, minNrRegions: 2 };
    const monitor = makeMonitor({ params: { ...params, attrs } });
    await expect(monitor.start()).rejects.toMatchObject({
      code: 'TC_INVALID',
      message: 'attrs.minNrRegions is 2; it must be at least 3.',
    });
    expect((await monitor.ended).reason).toBe('failed');
  });

  test('a worker that crashes at once rejects the start with one sentence', async () => {
    const monitor = makeBroken(`throw new Error('no luck\\nat all');`);
    await expect(monitor.start()).rejects.toMatchObject({
      code: 'TC_SYSTEM',
      message: 'Monitoring failed: no luck.',
    });
    expect(await monitor.ended).toEqual({
      reason: 'failed',
      message: 'Monitoring failed: no luck.',
    });
    await monitor.stop();
  });

  test('a worker that crashes later rejects what waits', async () => {
    const monitor = makeBroken(`
      started();
      port.once('message', () => { throw new Error('all is lost'); });`);
    await monitor.start();
    const requests = [monitor.snapshot(), monitor.stats()];
    for (const request of requests) {
      await expect(request).rejects.toMatchObject({ message: 'Monitoring failed: all is lost.' });
    }
    await expect(monitor.commit(params)).rejects.toMatchObject({ code: 'TC_NOT_FOUND' });
    await monitor.stop();
    expect((await monitor.ended).reason).toBe('failed');
  });

  test('a worker that vanishes is a failure, too', async () => {
    const monitor = makeBroken('started(); port.once("message", () => process.exit(7));');
    await monitor.start();
    await expect(monitor.stats()).rejects.toMatchObject({ code: 'TC_SYSTEM' });
    expect((await monitor.ended).message).toBe(
      'The monitoring thread ended without a word (exit code 7).',
    );
  });

  test('a worker that does not stop is ended by force', async () => {
    const monitor = makeBroken('started(); for (;;);');
    await monitor.start();
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const stopping = monitor.stop();
      vi.advanceTimersByTime(5000);
      await stopping;
    } finally {
      vi.useRealTimers();
    }
    expect(await monitor.ended).toEqual({
      reason: 'failed',
      message: 'The monitoring thread did not stop in time and was ended by force.',
    });
  });

  test('no more than 64 requests wait', async () => {
    const monitor = makeBroken(`
      started();
      port.on('message', ({ command }) => { if (command.name === 'stop') port.close(); });`);
    await monitor.start();
    const requests = Array.from({ length: 64 }, () => monitor.stats());
    await expect(monitor.stats()).rejects.toMatchObject({
      code: 'TC_BUSY',
      message: '64 requests are waiting for this monitor already; wait for their answers first.',
    });
    await monitor.stop();
    const results = await Promise.allSettled(requests);
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
  });
});
