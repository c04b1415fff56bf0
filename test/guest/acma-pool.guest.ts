/** A pool of contiguous memory on a real kernel, and the report of blocks that could go. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { thermocline } from './call-command.ts';
import type { GuestSuite } from './harness.ts';

const mebibyte = 2 ** 20;

/** What compaction has looked at since boot. */
function compacted(): number {
  return Number(/^compact_migrate_scanned (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1]);
}

/** Leaves so much memory free in pieces of 64 KiB, between others that are used. */
function scatter(bytes: number): Disposable {
  // What holds the guest's own files is too small for it.
  mkdirSync('/tmp/scattered');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=90%', 'scattered', '/tmp/scattered']);
  const piece = Buffer.alloc(65_536, 1);
  const kept = openSync('/tmp/scattered/kept', 'w');
  const removed = openSync('/tmp/scattered/removed', 'w');
  for (let written = 0; written < bytes; written += piece.length) {
    writeSync(kept, piece);
    writeSync(removed, piece);
  }
  closeSync(kept);
  closeSync(removed);
  rmSync('/tmp/scattered/removed');
  return { [Symbol.dispose]: () => rmSync('/tmp/scattered/kept') };
}

interface Zone {
  readonly zone: string;
  readonly nrBlocks: number;
  readonly couldGo: readonly number[];
}

const suite: GuestSuite = {
  kernels: ['newest'],
  topology: 'virtio-mem',
  // Half a minute is waited for calm.
  onRequest: true,
  tests: {
    async 'blocks are those of the kernel, and only those of zone Movable could go'(t) {
      const { zones } = JSON.parse(await thermocline('acma', 'power', '--json')) as {
        readonly zones: readonly Zone[];
      };
      const folders = readdirSync('/sys/devices/system/memory').filter((name) =>
        /^memory\d+$/.test(name),
      );
      const nrBlocks = zones.reduce((sum, zone) => sum + zone.nrBlocks, 0);
      assert.equal(nrBlocks, folders.length);
      for (const { zone, nrBlocks: nr, couldGo } of zones) {
        t.note(`zone ${zone}: ${nr} blocks, ${couldGo.length} could go`);
        if (zone !== 'Movable') assert.deepEqual(couldGo, []);
      }
      for (const name of folders) {
        const state = readFileSync(`/sys/devices/system/memory/${name}/state`, 'utf8');
        assert.equal(state, 'online\n');
      }
    },

    async 'a pool has the kernel compact, never ten seconds early, and more is ready'(t) {
      using _kept = scatter(160 * mebibyte);
      const plan = JSON.parse(
        await thermocline('acma', 'pool', 'plan', '--target', '2M', '--json'),
      );
      // More than there will be: it has to try.
      const target = `${plan.readyBytes + 64 * mebibyte}`;
      const before = compacted();
      const told = await thermocline(
        ...['acma', 'pool', 'run', '--target', target, '--for', '16s', '--json'],
      );
      const lines = told
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      const last = lines.at(-1);
      t.note(
        `${plan.readyBytes / mebibyte} MiB ready before, ${last.readyBytes / mebibyte} after; ` +
          `${compacted() - before} pages looked at; ${last.why}`,
      );
      const tries = lines.filter(({ calls }) => calls.length > 0);
      assert.ok(tries.length > 0, told);
      assert.ok(tries[0].timeUs >= 10_000_000);
      assert.equal(last.nrCompactions, 1);
      assert.ok(compacted() > before);
      assert.ok(last.readyBytes > plan.readyBytes);
    },
  },
};

export default suite;
