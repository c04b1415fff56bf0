/**
 * Kills a service, and starts it again on the same state folder, by hand:
 *
 *     node test/nightly/kill-service.ts [--kills 5] [--seed 1]
 *
 * Between the kills monitors are made, changed, paused and removed over the API. After each, those
 * that were agreed to are there, once; every recording can be read; and nothing that acted is left.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KernelRandom } from '../../src/base/random.ts';
import { WorkloadProcess } from '../../src/cli/demo/workload-process.ts';
import { nodeCodec } from '../../src/cli/record-files.ts';
import { ThermoclineClient } from '../../src/client/client.ts';
import { listRuns } from '../../src/control/runs.ts';
import { readTcr } from '../../src/record/tcr-reader.ts';

const program = fileURLToPath(new URL('../../bin/thermocline.js', import.meta.url));
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const random = new KernelRandom(Number(values.seed));
const folder = mkdtempSync(path.join(tmpdir(), 'thermocline-kill-service-'));
/** What was agreed to: `maxNrRegions` of each monitor, and whether it is paused. */
const agreed = new Map<string, string>();
const problems: string[] = [];

async function startService(): Promise<[ChildProcess, ThermoclineClient]> {
  const args = [program, 'serve', '--port', '0', '--state-dir', folder, '--json'];
  const env = { ...process.env, THERMOCLINE_STATE_DIR: folder };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  const { url, actTokenFile } = JSON.parse(line);
  const token = readFileSync(actTokenFile, 'utf8').trim();
  return [child, new ThermoclineClient({ fetch, baseUrl: url, token })];
}

/** One change at random; what it agrees to is noted once it has been answered. */
async function change(client: ThermoclineClient, pid: number): Promise<void> {
  const names = [...agreed.keys()];
  const name = names[random.between(0, Math.max(1, names.length))];
  const number = random.between(20, 900);
  if (name === undefined || (names.length < 5 && random.between(0, 3) === 0)) {
    const fresh = `m${number}-${names.length}`;
    const acts = random.between(0, 3) === 0;
    await client.create({
      name: fresh,
      watch: acts ? { kind: 'processes', pids: [pid] } : { kind: 'simulation', scenario: 'demo' },
      params: {
        attrs: { maxNrRegions: number, ...(acts && SMAPS) },
        ...(acts && { schemes: [{ action: 'cold', pattern: { nrAccesses: { max: 0 } } }] }),
      },
      ...(acts && { act: 'act' }),
    });
    agreed.set(fresh, `${number}`);
  } else if (random.between(0, 4) === 0) {
    await client.remove(name);
    agreed.delete(name);
  } else if (random.between(0, 3) === 0) {
    const isPaused = agreed.get(name)!.endsWith(' paused');
    await (isPaused ? client.resume(name) : client.pause(name));
    agreed.set(name, agreed.get(name)!.replace(' paused', '') + (isPaused ? '' : ' paused'));
  } else {
    await client.change(name, { attrs: { maxNrRegions: number } });
    agreed.set(name, `${number}${agreed.get(name)!.endsWith(' paused') ? ' paused' : ''}`);
  }
}

const SMAPS = { sampleIntervalUs: 100_000, aggregationIntervalUs: 500_000 };

async function check(client: ThermoclineClient): Promise<void> {
  const found = (await client.monitors()).map(({ name, params, state }) => {
    return `${name} ${params.attrs.maxNrRegions}${state === 'paused' ? ' paused' : ''}`;
  });
  const expected = [...agreed].map(([name, what]) => `${name} ${what}`).sort();
  if (found.sort().join() !== expected.join()) problems.push(`${found} instead of ${expected}`);
  const files = readdirSync(folder, { recursive: true }).map(String);
  for (const file of files.filter((one) => one.endsWith('.tcr'))) {
    await readable(path.join(folder, file)).catch((error) => problems.push(`${file}: ${error}`));
  }
  // The guard of a killed service takes back what it has left, and goes.
  const left = listRuns(folder).filter(({ state }) => state !== 'finished');
  for (const { description, state } of left) problems.push(`left ${state}: ${description}`);
}

async function readable(file: string): Promise<void> {
  const bytes = readFileSync(file);
  if (bytes.length < 16) return;
  const source = (async function* () {
    yield bytes;
  })();
  for await (const batch of readTcr(source, nodeCodec)) {
    for (const item of batch) {
      if (item.kind === 'warning' && !/closing mark/.test(item.text)) throw new Error(item.text);
    }
  }
}

const workload = await WorkloadProcess.start('endless');
try {
  let [child, client] = await startService();
  for (let kill = 1; kill <= Number(values.kills); kill++) {
    const untilMs = performance.now() + random.between(2000, 4000);
    while (performance.now() < untilMs) await change(client, workload.pid);
    await delay(random.between(0, 500));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await delay(1500);
    [child, client] = await startService();
    await check(client);
    console.log(`kill ${kill}: ${agreed.size} monitors, ${problems.length} problems so far`);
  }
  child.kill('SIGTERM');
  await once(child, 'exit');
} finally {
  await workload[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
}
for (const problem of problems) console.error(problem);
console.log(`seed ${values.seed}: ${values.kills} kills, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
