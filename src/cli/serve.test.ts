import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ThermoclineClient } from '../client/client.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/thermocline.js', import.meta.url));
const DEMO = fileURLToPath(new URL('../../examples/scenarios/demo.yaml', import.meta.url));

let stateDir = '';
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'thermocline-serve-'));
});
afterEach(() => rmSync(stateDir, { recursive: true }));

function start(...args: string[]) {
  const env = { ...process.env, THERMOCLINE_STATE_DIR: stateDir };
  return spawn(process.execPath, [PROGRAM, ...args], { env });
}

test('serves what it is asked to watch, says where as JSON, and ends cleanly', async () => {
  const child = start('serve', '--port', '0', '--monitor', `sim:${DEMO}`, '--json');
  try {
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const where = JSON.parse(line);
    expect(Object.keys(where)).toEqual(['socket', 'url', 'readTokenFile', 'actTokenFile']);
    const token = readFileSync(where.readTokenFile, 'utf8').trim();
    const client = new ThermoclineClient({ fetch, baseUrl: where.url, token });
    for await (const { snapshot } of client.stream('demo')) {
      expect(snapshot.nrRegions).toBeGreaterThan(0);
      break;
    }
    const attached = start('attach', 'demo', '--json', '--every', '100ms', '--for', '300ms');
    const lines = (await text(attached.stdout))
      .trim()
      .split('\n')
      .map((one) => JSON.parse(one));
    expect(lines[0].regions.length).toBeGreaterThan(0);
    expect(await text(start('attach').stdout)).toMatch(/^demo +running +sim +count +command-line/m);
    const link = start('link');
    expect(await text(link.stdout)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#code=[\w-]{43}\n$/);
  } finally {
    child.kill('SIGTERM');
  }
  expect((await once(child, 'exit'))[0]).toBe(143);
}, 180_000);

test('a monitor that is no monitor is named in one sentence', async () => {
  const child = start('serve', '--monitor', 'everything');
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(stderr).toMatch(/^thermocline: --monitor is "everything"; write sim:SCENARIO/);
  expect(status).toBe(2);
});

test('a link without a service says what is missing', async () => {
  const child = start('link');
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(stderr).toBe('thermocline: The service does not answer; is it running?\n');
  expect(status).toBe(1);
});
