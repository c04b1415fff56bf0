/** Thermocline's own commands on a real kernel, without help from the kernel's DAMON. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { promisify } from 'node:util';
import type { GuestSuite } from './harness.ts';
import { startWorkload } from './workload.ts';

const execute = promisify(execFile);
const mebibyte = 2 ** 20;

interface Line {
  readonly tick: number;
  readonly mappings: readonly {
    readonly start: number;
    readonly residentBytes: number;
    readonly touchedBytes: number;
  }[];
}

const suite: GuestSuite = {
  onRequest: ['6.12'],
  kernels: ['newest', '6.12', '6.1'],
  topology: 'plain',
  tests: {
    async 'doctor knows the kernel and what it has of DAMON'(t) {
      const { stdout } = await execute('thermocline', ['doctor', '--json']);
      const { kernelRelease, groups } = JSON.parse(stdout) as {
        readonly kernelRelease: string;
        readonly groups: readonly {
          readonly checks: readonly { readonly name: string; readonly sentence: string }[];
        }[];
      };
      assert.equal(kernelRelease, release());
      const checks = groups.flatMap((group) => group.checks);
      const sentence = checks.find(({ name }) => name === 'kernel-damon')?.sentence ?? '';
      t.note(sentence);
      assert.match(sentence, existsSync('/sys/kernel/mm/damon') ? /has DAMON/ : /no DAMON/);
    },

    async 'watch tells how much of a mapping is touched, within 2 %'(t) {
      await using workload = await startWorkload(64);
      const { stdout } = await execute('thermocline', [
        ...['watch', '--pid', `${workload.pid}`, '--json', '--every', '1s', '--for', '3s'],
        // Emulated, watching costs more than is usual.
        ...['--ceiling', '100'],
      ]);
      const lines = stdout.trim().split('\n');
      const mappings = lines
        .map((line) => JSON.parse(line) as Line)
        .filter(({ tick }) => tick > 1)
        .map((line) => line.mappings.find(({ start }) => start === workload.start)!);
      assert.ok(mappings.length >= 1, `${lines.length} lines`);
      const truth = workload.hotEnd - workload.start;
      t.note(`MiB: ${mappings.map(({ touchedBytes }) => touchedBytes / mebibyte).join(', ')}`);
      for (const { residentBytes } of mappings) {
        assert.equal(residentBytes, workload.end - workload.start);
      }
      // The workload itself may be held up for an interval: two processors are all that there are.
      const touched = mappings.map(({ touchedBytes }) => touchedBytes).sort((a, b) => a - b);
      const median = touched[touched.length >> 1]!;
      assert.ok(Math.abs(median - truth) <= truth * 0.02, `${median} of ${truth}`);
    },

    'and changed nothing of DAMON'() {
      const file = '/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds';
      if (existsSync(file)) assert.equal(readFileSync(file, 'utf8').trim(), '0');
    },
  },
};
export default suite;
