/** A cgroup of a real kernel, scaled between its minimum and its maximum under a changing load. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { GuestSuite } from './harness.ts';
import { Cgroup, until } from './memory-figures.ts';
import { startWorkload } from './workload.ts';

const mebibyte = 2 ** 20;
const min = 64 * mebibyte;
const max = 256 * mebibyte;

interface Line {
  readonly timeUs: number;
  readonly sizeBytes: number;
  readonly usedBytes: number;
  readonly why: string;
}

const suite: GuestSuite = {
  kernels: ['newest'],
  topology: 'plain',
  tests: {
    async 'a cgroup shrinks while all is calm and grows with its load; killed, its limit is back'(
      t,
    ) {
      await using group = new Cgroup('scaled');
      const high = () => readFileSync(`${group.folder}/memory.high`, 'utf8').trim();
      const maxBefore = readFileSync(`${group.folder}/memory.max`, 'utf8');
      await using _small = await startWorkload(32, { group });
      const knobs = ['--min', `${min}`, '--max', `${max}`, '--pressure', '0.1%'];
      const run = spawn(
        'thermocline',
        ['acma', 'run', '--cgroup', group.path, ...knobs, '--json'],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const lines: Line[] = [];
      createInterface(run.stdout).on('line', (line) => lines.push(JSON.parse(line)));
      const latest = () => lines.at(-1);
      const told = () => JSON.stringify(latest());
      try {
        await until(() => (latest()?.sizeBytes ?? max) <= 240 * mebibyte, told, 50_000);
        t.note(`${latest()!.sizeBytes / mebibyte} MiB after ${latest()!.timeUs / 1e6} s of calm`);
        assert.equal(high(), `${latest()!.sizeBytes}`);
        await using _large = await startWorkload(170, { group });
        await until(() => latest()!.sizeBytes === max, told, 15_000);
        t.note(`${latest()!.usedBytes / mebibyte} MiB in use: ${latest()!.why}`);
        assert.equal(high(), `${max}`);
        for (const { sizeBytes } of lines) assert.ok(min <= sizeBytes && sizeBytes <= max);
        assert.equal(readFileSync(`${group.folder}/memory.max`, 'utf8'), maxBefore);
      } finally {
        run.kill('SIGKILL');
      }
      const killed = performance.now();
      await until(() => high() === 'max', 'the limit that was there before', 15_000);
      t.note(`back ${((performance.now() - killed) / 1000).toFixed(1)} s after the kill`);
    },
  },
};
export default suite;
