import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serviceRecordings } from '../cli/serve/recordings.ts';
import { ThermoclineClient } from '../client/client.ts';
import type { SnapshotFrame } from '../client/snapshot-frame.ts';
import { LinuxHost } from '../host/linux/linux-host.ts';
import { resolveRoots } from '../host/linux/roots.ts';
import { parseScenario } from '../host/sim/index.ts';
import { monitorOpener } from './open-monitor.ts';
import type { Recordings } from './owned-monitor.ts';
import { type RunningService, runService } from './run-service.ts';

const MACHINE = `
seed: 1
durationMs: 60 s
nodes: [{ sizeBytes: 64 MiB }]
processes:
  - name: app
    vmas: [{ name: hot, sizeBytes: 16 MiB }, { name: cold, sizeBytes: 16 MiB }]
    accesses: [{ vma: hot, pattern: uniform, ratePerSecond: 1000 }]
`;

let stateDir = '';
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'thermocline-run-'));
});
afterEach(() => rmSync(stateDir, { recursive: true }));

function recordings(): Recordings {
  return serviceRecordings(stateDir, resolveRoots({}), 2 ** 20)!;
}

function start(recordings: Recordings | null = null): Promise<RunningService> {
  const roots = resolveRoots({});
  return runService({
    host: new LinuxHost(roots),
    stateDir,
    port: 0,
    open: monitorOpener(roots, stateDir, () => parseScenario(MACHINE, 'test')),
    recordings,
    pagesFolder: join(stateDir, 'no-pages'),
    capabilities: () => [],
    scenarios: [],
    version: '0.0.0',
    logFault: () => {},
  });
}

function clientOf(running: RunningService): ThermoclineClient {
  const token = readFileSync(running.actTokenFile, 'utf8').trim();
  return new ThermoclineClient({
    fetch,
    baseUrl: running.url!,
    token,
  });
}

function overSocket(socketPath: string, path: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const call = request({ socketPath, path, method: 'GET' }, (response) => {
    response.resume();
    resolve(response.statusCode!);
  });
  call.on('error', reject).end();
  return promise;
}

test('its socket and its tokens are for its owner alone', async () => {
  await using running = await start();
  for (const file of [running.socket, running.readTokenFile, running.actTokenFile]) {
    expect(statSync(file).mode & 0o777).toBe(0o600);
  }
  expect(await overSocket(running.socket, '/api/v1/host')).toBe(200);
  expect(running.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(running.newLink()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#code=[\w-]{43}$/);
});

test('one state folder has one service', async () => {
  await using running = await start();
  await expect(start()).rejects.toThrow(
    `Process ${process.pid} is a service with the state folder`,
  );
  expect(await overSocket(running.socket, '/api/v1/host')).toBe(200);
});

test('resumes monitors that were made over the API, paused ones paused', async () => {
  const watch = { kind: 'simulation', scenario: 'any' } as const;
  {
    await using running = await start();
    const client = clientOf(running);
    await client.create({ name: 'a', watch });
    await client.create({ name: 'b', watch });
    await client.change('a', { attrs: { maxNrRegions: 77 } });
    await client.pause('b');
    await running.service.create({ name: 'from-the-command-line', watch }, 'command-line');
  }
  await using running = await start();
  const monitors = await clientOf(running).monitors();
  expect(monitors.map(({ name, state }) => `${name} ${state}`)).toEqual(['a running', 'b paused']);
  expect(monitors[0]!.params.attrs.maxNrRegions).toBe(77);
});

test('after a restart, the history reaches back to before it', async () => {
  const watch = { kind: 'simulation', scenario: 'any' } as const;
  let before: readonly SnapshotFrame[] = [];
  {
    await using running = await start(recordings());
    const client = clientOf(running);
    await client.create({ name: 'a', watch, cpuCeiling: 1 });
    while (before.length < 4) before = await client.history('a');
  }
  await using running = await start(recordings());
  const client = clientOf(running);
  for await (const _frame of client.stream('a')) break;
  const after = await client.history('a');
  const regionsOf = ({ snapshot }: SnapshotFrame) => [...snapshot.start, ...snapshot.nrAccesses];
  expect(after.slice(0, 4).map(regionsOf)).toEqual(before.slice(0, 4).map(regionsOf));
  const times = after.map(({ snapshot }) => snapshot.timeUs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(after.length).toBeGreaterThan(before.length);
  // A later monitor of the name begins anew.
  await client.remove('a');
  await client.create({ name: 'a', watch, cpuCeiling: 1 });
  for await (const _frame of client.stream('a')) break;
  expect((await client.history('a')).length).toBeLessThan(before.length);
});

test('what is no request at all gets a sentence', async () => {
  await using running = await start();
  const answer = await new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = connect(Number(new URL(running.url!).port), '127.0.0.1');
    socket.on('data', (piece) => {
      text += piece;
    });
    socket.on('close', () => resolve(text)).on('error', reject);
    socket.write(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 431 Headers too large\r\n/);
  expect(answer).toContain('"detail":"The headers are larger than 8 KiB; send less."');
});

test('leaves nothing but its tokens and the list of monitors', async () => {
  {
    await using running = await start();
    expect(await overSocket(running.socket, '/api/v1/host')).toBe(200);
  }
  expect(readdirSync(stateDir).sort()).toEqual(['act.token', 'monitors.json', 'read.token']);
});
