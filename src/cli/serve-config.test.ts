import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ThermoclineClient } from '../client/client.ts';
import { serviceClient } from './service-connection.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/thermocline.js', import.meta.url));

let folder = '';
let config = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thermocline-config-'));
  config = join(folder, 'thermocline.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Monitors of simulated machines, with the most regions that each may have. */
function write(monitors: Readonly<Record<string, number>>): void {
  const watch = { kind: 'simulation', scenario: 'demo' };
  const entries = Object.entries(monitors).map(
    ([name, maxNrRegions]) => [name, { watch, params: { attrs: { maxNrRegions } } }] as const,
  );
  writeFileSync(config, JSON.stringify({ monitors: Object.fromEntries(entries) }));
}

function start(...args: string[]) {
  const env = { ...process.env, THERMOCLINE_STATE_DIR: folder };
  return spawn(process.execPath, [PROGRAM, ...args], { env });
}

async function withService(
  args: readonly string[],
  work: (client: ThermoclineClient, child: ChildProcess) => Promise<void>,
): Promise<void> {
  const child = start('serve', '--json', ...args);
  try {
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    await work(serviceClient(JSON.parse(line).socket), child);
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

async function monitorsOf(client: ThermoclineClient): Promise<string[]> {
  const monitors = await client.monitors();
  return monitors.map(
    ({ name, origin, params }) => `${name} ${origin} ${params.attrs.maxNrRegions}`,
  );
}

/** Waits for the first event of a type behind `afterId`. */
async function eventOf(client: ThermoclineClient, type: string, afterId: number) {
  for await (const event of client.events({ afterId })) if (event.type === type) return event;
  throw new Error(`The service ended without an event ${type}.`);
}

test('follows its configuration, and reads it again on SIGHUP', async () => {
  write({ db: 200, web: 300 });
  await withService(['--config', config], async (client, child) => {
    expect(await monitorsOf(client)).toEqual(['db config 200', 'web config 300']);
    const { startedAtUs } = await client.monitor('web');
    write({ web: 400, cache: 500 });
    child.kill('SIGHUP');
    const { id } = await eventOf(client, 'removed', 0);
    await expect
      .poll(() => monitorsOf(client), { timeout: 60_000 })
      .toEqual(['cache config 500', 'web config 400']);
    // What only has other parameters goes on, with what it has learnt.
    expect((await client.monitor('web')).startedAtUs).toBe(startedAtUs);
    writeFileSync(config, 'monitors: { web: { watch: 7 } }');
    child.kill('SIGHUP');
    const warning = await eventOf(client, 'warning', id);
    expect(warning.message).toMatch(/thermocline\.yaml: monitors\.web\.watch: /);
    expect(await monitorsOf(client)).toEqual(['cache config 500', 'web config 400']);
  });
}, 120_000);

test('a mistake in the configuration ends the start with one sentence', async () => {
  writeFileSync(config, 'monitor: {}');
  const child = start('serve', '--config', config);
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(stderr).toMatch(/^thermocline: .*thermocline\.yaml: the top level: /m);
  expect(status).toBe(2);
}, 60_000);

test('apply --plan says what apply then does, and leaves the monitors of others alone', async () => {
  await withService(['--monitor', 'mine=sim:demo'], async (client) => {
    write({ db: 200 });
    const apply = async (...args: string[]) => await text(start('apply', config, ...args).stdout);
    const before = await monitorsOf(client);
    const planned = await apply('--plan');
    expect(planned).toBe(
      'This would be done:\ncreate db\n  db is created: it watches a simulated machine\n',
    );
    expect(await monitorsOf(client)).toEqual(before);
    expect(await apply()).toBe(planned.replace('This would be done:', 'This was done:'));
    expect(await monitorsOf(client)).toEqual(['db config 200', ...before]);
    expect(await apply('--plan')).toBe('Nothing has to change.\n');
    write({ mine: 9 });
    const refused = start('apply', config);
    expect(await text(refused.stderr)).toMatch(/There is a monitor "mine" that the configuration/);
    write({});
    expect(JSON.parse(await apply('--json')).changes).toMatchObject([
      { monitor: 'db', action: 'remove' },
    ]);
    expect(await monitorsOf(client)).toEqual(before);
  });
}, 120_000);

test('the demo watches a process of its own and its simulated twin, and nothing else', async () => {
  await withService(['--demo'], async (client, child) => {
    const [demo, twin, ...others] = await client.monitors();
    expect([demo!.name, twin!.name, others]).toEqual(['demo', 'demo-twin', []]);
    expect([demo!.act, twin!.watch]).toEqual(['count', { kind: 'simulation', scenario: 'demo' }]);
    const { pids } = demo!.watch as { readonly pids: readonly number[] };
    const all = (await client.processes()).map(({ pid }) => pid);
    expect(all).toContain(pids[0]);
    expect(pids).not.toContain(child.pid);
    // On a busy machine a whole window takes minutes; a picture is there at any moment.
    const { snapshot } = await client.snapshot('demo');
    expect(snapshot.nrRegions).toBeGreaterThan(0);
  });
}, 120_000);
