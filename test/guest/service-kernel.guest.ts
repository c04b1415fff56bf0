/** A service that watches with the kernel's DAMON: what it shows, who answers for it, its end. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { serviceClient } from '../../src/cli/service-connection.ts';
import type { ThermoclineClient } from '../../src/client/client.ts';
import { thermocline } from './call-command.ts';
import { everyFile } from './every-file.ts';
import { kdamondsFolder, switchDamonStatOff } from './hand-made-kdamond.ts';
import type { GuestSuite } from './harness.ts';
import { until } from './memory-figures.ts';
import { linesOfSnapshots, seenHot } from './watch-lines.ts';
import { startWorkload, type Workload } from './workload.ts';

const nrKdamonds = () => readFileSync(`${kdamondsFolder}/nr_kdamonds`, 'utf8').trim();

/** A service that serves, with monitors as `--monitor` takes them. */
async function serve(...monitors: readonly string[]): Promise<ChildProcess> {
  const words = monitors.flatMap((monitor) => ['--monitor', monitor]);
  const child = spawn('thermocline', ['serve', ...words, '--record-bytes', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr!.on('data', (text) => {
    said += text;
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`it ended: ${said}`)));
  ended.catch(() => {});
  await Promise.race([ended, once(createInterface({ input: child.stdout! }), 'line')]);
  return child;
}

/** Pictures of a monitor, one after the other. */
async function pictures(client: ThermoclineClient, name: string, count: number) {
  const found = [];
  for (let nr = 0; nr < count; nr++) {
    found.push((await client.snapshot(name)).snapshot);
    await sleep(300);
  }
  return linesOfSnapshots(found);
}

/** The service of the tests that build on one another. */
interface Serving {
  readonly child: ChildProcess;
  readonly client: ThermoclineClient;
  readonly workload: Workload;
  readonly filesBefore: Record<string, string>;
}

let serving: Serving;

const suite: GuestSuite = {
  kernels: ['newest', '6.12'],
  topology: 'plain',
  onRequest: true,
  tests: {
    async 'it serves two monitors in the kernel'() {
      switchDamonStatOff();
      const filesBefore = everyFile();
      const workload = await startWorkload(64);
      const child = await serve(`db=kernel:pid:${workload.pid}`, 'all=kernel:physical');
      serving = { child, client: serviceClient(), workload, filesBefore };
      const states = (await serving.client.monitors()).map(({ name, state }) => [name, state]);
      assert.deepEqual(Object.fromEntries(states), { db: 'running', all: 'running' });
    },

    async 'it shows what is hot in a process'(t) {
      const lines = await pictures(serving.client, 'db', 5);
      const { truth, inside, outside, text } = seenHot(lines, serving.workload);
      t.note(text);
      assert.ok(Math.abs(inside - truth) <= truth / 10);
      assert.ok(outside <= truth / 10);
    },

    async 'status asks it about both of its slots'(t) {
      const { slots } = JSON.parse(await thermocline('status', '--json')) as {
        slots: { owner: { pid: number } | null; status: { watchedBytes: number } | null }[];
      };
      assert.deepEqual(
        slots.map(({ owner }) => owner?.pid ?? null),
        [serving.child.pid, serving.child.pid, ...Array(6).fill(null)],
      );
      const watched = slots[1]!.status!.watchedBytes;
      t.note(`of physical memory ${Math.round(watched / 2 ** 20)} MiB`);
      assert.ok(watched > 2 ** 29);
    },

    async 'tune changes what it owns, and it knows'() {
      await thermocline('tune', '0', '--set', 'attrs.operationsUpdateIntervalUs=30s');
      const intervals = `${kdamondsFolder}/0/contexts/0/monitoring_attrs/intervals`;
      assert.equal(readFileSync(`${intervals}/update_us`, 'utf8').trim(), '30000000');
      const { params } = await serving.client.monitor('db');
      assert.equal(params.attrs.operationsUpdateIntervalUs, 30_000_000);
    },

    async 'stop ends one of its monitors, and it lives on'() {
      await thermocline('stop', '0');
      // The slot is free a moment before the service has put the monitor away.
      await until(async () => {
        const names = (await serving.client.monitors()).map(({ name }) => name);
        return names.join() === 'all';
      }, 'an end of the monitor');
      assert.equal(serving.child.exitCode, null);
    },

    async 'its end leaves the kernel as it was'() {
      const { child, workload, filesBefore } = serving;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      assert.deepEqual(everyFile(), filesBefore);
      await workload[Symbol.asyncDispose]();
    },

    async 'kill -9 of it while a scheme acts leaves the kernel as it was'(t) {
      switchDamonStatOff();
      const before = everyFile();
      using workload = await startWorkload(16, { hotPercent: 0 });
      const service = await serve();
      const client = serviceClient();
      await client.create({
        name: 'db',
        watch: { kind: 'kernel', pids: [workload.pid] },
        params: { schemes: [{ action: 'cold', quota: { sizeBytes: '1 MiB' } }] },
        act: 'act',
        cpuCeiling: 0.5,
      });
      const scheme = `${kdamondsFolder}/0/contexts/0/schemes/0`;
      const read = (file: string) => readFileSync(`${scheme}/${file}`, 'utf8').trim();
      // No longer held back: its limit is in force.
      await until(() => read('access_pattern/nr_accesses/min') === '0', 'a scheme that acts');
      assert.equal(read('action'), 'cold');
      service.kill('SIGKILL');
      const start = performance.now();
      await until(() => nrKdamonds() === '0', 'the end of its slots', 15_000);
      t.note(`gone after ${((performance.now() - start) / 1000).toFixed(1)} s`);
      assert.deepEqual(everyFile(), before);
    },
  },
};
export default suite;
