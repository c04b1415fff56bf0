import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Contract, OPERATIONS } from '../../test/service/contract.ts';
import { socketFetch } from '../cli/service-connection.ts';
import { ThermoclineClient } from '../client/client.ts';
import { LinuxHost } from '../host/linux/linux-host.ts';
import { resolveRoots } from '../host/linux/roots.ts';
import { parseScenario } from '../host/sim/index.ts';
import { monitorOpener } from './open-monitor.ts';
import { type RunningService, runService } from './run-service.ts';

const MACHINE = `
nodes: [{ sizeBytes: 64 MiB }]
processes:
  - name: app
    vmas: [{ name: hot, sizeBytes: 16 MiB }, { name: cold, sizeBytes: 16 MiB }]
    accesses: [{ vma: hot, pattern: uniform, ratePerSecond: 9 }]
`;
const watch = { kind: 'simulation', scenario: 'any' } as const;
const goals = [{ metric: 'user_input', targetValue: 10 }];
const params = { schemes: [{ action: 'stat', quota: { goals, sizeBytes: 4096 } }] };

async function withService(work: (running: RunningService) => Promise<void>): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), 'thermocline-contract-'));
  const roots = resolveRoots({});
  try {
    await using running = await runService({
      host: new LinuxHost(roots),
      stateDir,
      port: 0,
      open: monitorOpener(roots, stateDir, () => parseScenario(MACHINE, 'test')),
      recordings: null,
      pagesFolder: join(stateDir, 'no-pages'),
      capabilities: () => [],
      scenarios: ['any'],
      version: '0.0.0',
      logFault: (fault) => {
        throw fault;
      },
    });
    await work(running);
  } finally {
    rmSync(stateDir, { recursive: true });
  }
}

/** Calls every operation that there is. */
async function callAll(client: ThermoclineClient, raw: (path: string) => Promise<Response>) {
  await client.host();
  await client.processes();
  await client.cgroups();
  await client.create({ name: 'a', watch, params, cpuCeiling: 1 });
  for await (const _frame of client.stream('a')) break;
  for await (const _event of client.events({ afterId: 0 })) break;
  await client.pause('a');
  await client.resume('a');
  await client.change('a', { attrs: { maxNrRegions: 99 } });
  await client.feedGoal('a', { schemeIndex: 0, goalIndex: 0, value: 3 });
  await client.goals('a');
  await client.snapshot('a');
  await client.history('a');
  await client.stats('a');
  for (const what of ['snapshot', 'history']) await raw(`/monitors/a/${what}`);
  await client.whatIf('a', { params: { schemes: [{ action: 'pageout' }] }, swap: 'zram' });
  await client.beginShadow('a', { schemes: [{ action: 'pageout' }] });
  await client.shadow('a');
  await client.endShadow('a');
  await client.commit('a', {});
  await client.monitor('a');
  await client.monitors();
  const plan = await client.plan({ monitors: { b: { watch } } });
  await client.applyPlan(plan.id);
  const { code } = await client.newPageLink();
  await client.signIn(code);
  await raw('/openapi.json');
  await client.remove('a');
}

test.each(['unix', 'tcp'] as const)('every answer over %s is as the document says', async (by) => {
  await withService(async (running) => {
    const contract = new Contract();
    const isTcp = by === 'tcp';
    const baseUrl = isTcp ? running.url! : 'http://service';
    const call = contract.watched(isTcp ? fetch : socketFetch(running.socket));
    const token = readFileSync(running.actTokenFile, 'utf8').trim();
    const options = { fetch: call, baseUrl, ...(isTcp && { token }) };
    const client = new ThermoclineClient(options);
    const headers = { authorization: `Bearer ${token}` };
    await callAll(client, (path) => call(`${baseUrl}/api/v1${path}`, { headers }));
    expect(contract.broken).toEqual([]);
    expect([...contract.answered].sort()).toEqual([...OPERATIONS].sort());
    const refused = [
      () => client.monitor('nobody'),
      () => client.create({ name: 'a/b', watch }),
      () => client.applyPlan('none'),
      () => client.signIn('wrong'),
    ];
    for (const ask of refused) await expect(ask()).rejects.toThrow(/\.$/);
    expect((await call(`${baseUrl}/api/v1/nothing`, { headers })).status).toBe(404);
    expect(contract.broken).toEqual([]);
  });
});

test('what the document does not say is found', async () => {
  const contract = new Contract();
  const ask = (answer: Response, path: string) =>
    contract.watched(() => Promise.resolve(answer))(`http://service/api/v1${path}`);
  const json = (body: object, status = 200, type = 'application/json') =>
    new Response(JSON.stringify(body), { status, headers: { 'content-type': type } });
  const link = { code: 'c', url: null };
  await ask(json({ monitors: [] }), '/monitors');
  expect(contract.broken).toEqual([]);
  await ask(json({ monitors: [], more: 1 }), '/monitors');
  await ask(json({ monitors: [{ name: 'a' }] }), '/monitors');
  await ask(json(link), '/session/codes');
  await ask(json({ detail: 'No.' }, 404, 'application/problem+json'), '/monitors/x');
  await ask(json({ monitors: [] }, 200, 'text/plain'), '/monitors');
  expect(contract.broken.map((one) => one.split(/[:;]/)[0])).toEqual([
    'get /api/v1/monitors answered 200',
    'get /api/v1/monitors answered 200',
    'get /api/v1/session/codes answered 200',
    'get /api/v1/monitors/{name} answered 404',
    'get /api/v1/monitors answered 200',
  ]);
});
