/**
 * `reclaim run --aim` beside a server: memory leaves while its p99 is met, none leaves while twice
 * the load has it missed, and it goes on when the load is back.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { everyFile } from './every-file.ts';
import { switchDamonStatOff } from './hand-made-kdamond.ts';
import type { GuestSuite } from './harness.ts';
import { Cgroup, swapOn, swappedBytes, until } from './memory-figures.ts';
import { type Server, startServer } from './server.ts';
import { startWorkload, type Workload } from './workload.ts';

const MIB = 2 ** 20;
const p99File = '/tmp/p99';
const configFile = '/tmp/metrics.yaml';
/** Between requests, each of which takes 100 ms. */
const everyMs = 150;
const aim = 'p99 <= 1s';
const coldMebibytes = 8;
/** Of that; an emulated server on a busy host misses its aim now and then, and it takes longer. */
const leavesMebibytes = 2;
/** Of steps, in each of which the run has to give way. */
const nrMissed = 2;
/** Longer than memory has to be idle. */
const missedMs = 12_000;

/** A step, as a line of the run tells it. */
interface Step {
  readonly score: { readonly value: number; readonly by: string };
  readonly quotaBytes: number;
  readonly netBytes: number;
}

/** `thermocline reclaim run` as a user has it. */
class ReclaimRun {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  #lines = '';

  constructor(group: Cgroup) {
    const knobs = ['--cold-age', '5s', '--pressure', '50%', '--every', '2s', '--ceiling', '90'];
    const words = ['reclaim', 'run', '--kernel', '--cgroup', group.path, ...knobs, '--json'];
    const aimWords = ['--aim', aim, '--aim-config', configFile];
    this.#child = spawn('thermocline', [...words, ...aimWords], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#ended = once(this.#child, 'exit');
    this.#child.stdout!.on('data', (chunk: Buffer) => (this.#lines += chunk));
  }

  get steps(): Step[] {
    const lines = this.#lines.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Step);
  }

  /** @returns exit status and signal */
  async end(signal: NodeJS.Signals): Promise<unknown[]> {
    this.#child.kill(signal);
    return await this.#ended;
  }
}

/** All that runs from the first test to the last. */
interface Scene {
  readonly files: Record<string, string>;
  readonly group: Cgroup;
  readonly server: Server;
  readonly run: ReclaimRun;
  /** Idle since the second test. */
  later: Workload;
}
let scene: Scene;

function told(steps: readonly Step[]): string {
  return steps
    .map(({ score, quotaBytes }) => `${score.value.toFixed(2)} ${(quotaBytes / MIB).toFixed(2)}`)
    .join(', ');
}

const swappedMebibytes = (one: { pid: number; start: number; end: number }) =>
  swappedBytes(one.pid, one) / MIB;

const suite: GuestSuite = {
  onRequest: true,
  kernels: ['newest'],
  topology: 'plain',
  tests: {
    async 'a run starts beside a server'(t) {
      swapOn();
      switchDamonStatOff();
      const files = everyFile();
      mkdirSync('/etc', { recursive: true });
      writeFileSync('/etc/passwd', 'nobody:x:65534:65534:nobody:/:\n');
      const metric = `{ command: [cat, ${p99File}], user: nobody, timeoutMs: 5000 }`;
      writeFileSync(configFile, `metrics:\n  p99: ${metric}\n`);
      const group = new Cgroup('service');
      const server = await startServer(p99File, { mebibytes: 4, everyMs }, group);
      const idle = await startWorkload(coldMebibytes, { hotPercent: 0, group });
      const run = new ReclaimRun(group);
      scene = { files, group, server, run, later: idle };
      await until(() => run.steps.length > 0, 'its first step', 80_000);
      t.note(`score and MiB in a window: ${told(run.steps)}`);
    },

    async 'what is idle leaves while the aim is met'(t) {
      const { server, run, later: idle } = scene;
      await until(
        () => swappedMebibytes(idle) >= leavesMebibytes,
        () => `a quarter of what is idle: ${swappedMebibytes(idle)} MiB; ${told(run.steps)}`,
        80_000,
      );
      const met = run.steps.filter(({ score }) => score.value < 1).length;
      t.note(`${swappedMebibytes(idle)} of ${coldMebibytes} MiB idle swapped`);
      t.note(`${swappedMebibytes(server)} of 4 MiB of the server`);
      t.note(`aim met in ${met} of ${run.steps.length} windows`);
      assert.ok(swappedMebibytes(server) <= 0.5, 'what requests touch stays');
    },

    async 'twice the load has it give way, and what becomes idle stays'(t) {
      const { server, group, run } = scene;
      server.changeLoad('double');
      scene.later = await startWorkload(coldMebibytes, { hotPercent: 0, group });
      const before = run.steps.length;
      const missedAt = () =>
        run.steps.findIndex(({ score }, at) => at >= before && score.value >= 1);
      await until(
        () => missedAt() >= 0 && run.steps.length > missedAt() + nrMissed,
        () => `the aim is missed; ${told(run.steps)}`,
        65_000,
      );
      const { steps } = run;
      const [last, ...missed] = steps.slice(missedAt() - 1, missedAt() + nrMissed);
      t.note(`score and MiB in a window: ${told([last!, ...missed])}`);
      assert.equal(missed[0]!.score.by, 'p99');
      for (const [nr, { quotaBytes }] of missed.entries()) {
        assert.ok(quotaBytes <= last!.quotaBytes / 2 ** (nr + 1), 'at most half in each window');
      }
      await sleep(missedMs);
      t.note(`${swappedMebibytes(scene.later)} of ${coldMebibytes} MiB idle swapped meanwhile`);
      assert.ok(swappedMebibytes(scene.later) <= 0.5, 'nothing leaves while the aim is missed');
    },

    async 'it goes on when the load is back'(t) {
      const { server, run, later } = scene;
      const before = run.steps.length;
      server.changeLoad('half');
      await until(
        () => swappedMebibytes(later) >= leavesMebibytes,
        () =>
          `a quarter of what is idle: ${swappedMebibytes(later)} MiB; ${told(run.steps.slice(before))}`,
        80_000,
      );
      const steps = run.steps.slice(before);
      const met = steps.findIndex(({ score }) => score.value < 1);
      const held = steps.slice(met).filter(({ score }) => score.value < 1).length;
      t.note(`${swappedMebibytes(later)} of ${coldMebibytes} MiB idle swapped`);
      t.note(`aim met after ${met} windows, and in ${held} of ${steps.length - met} from then on`);
      t.note(`net ${(steps.at(-1)!.netBytes / MIB).toFixed(1)} MiB`);
      assert.ok(swappedMebibytes(server) <= 0.5, 'what requests touch stays');
    },

    async 'an interrupt ends it, and all files are as before'() {
      assert.deepEqual(await scene.run.end('SIGINT'), [130, null]);
      assert.deepEqual(everyFile(), scene.files);
    },
  },
};
export default suite;
