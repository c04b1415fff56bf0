/** `tier run --pid`: by `move_pages`, where the kernel's DAMON knows no aims by node. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { callCommand, handover, thermocline } from './call-command.ts';
import { everyFile } from './every-file.ts';
import { MIB } from './guest-params.ts';
import type { GuestSuite } from './harness.ts';
import { bytesByNode, until } from './memory-figures.ts';
import { startWorkload } from './workload.ts';

/** Aims that are never met here, so that all that is hot goes up, and all that is cold down. */
const knobs = ['--free-share', '90%', '--use-share', '99%', '--ceiling', '100', '--json'];

const mebibytesOn = (
  nid: number,
  { pid, start }: { readonly pid: number; readonly start: number },
) => (bytesByNode(pid, start)[nid] ?? 0) / MIB;

const suite: GuestSuite = {
  onRequest: true,
  kernels: ['6.12'],
  topology: 'tiers',
  tests: {
    async 'the kernel is not asked for what it lacks'(t) {
      const files = everyFile();
      const words = ['tier', 'run', '--kernel', '--for', '1s', ...handover()];
      const { status, stdout, stderr } = await callCommand(...words);
      t.note(stderr.trim().split('\n').at(-1)!);
      assert.equal(status, 1);
      assert.equal(stdout, '');
      assert.match(stderr, /node_mem_free_bp .* name processes with --pid/);
      assert.deepEqual(everyFile(), files);
    },

    async 'mappings in use go up, and those that nobody touches go down'(t) {
      writeFileSync('/proc/sys/kernel/numa_balancing', '0');
      const files = everyFile();
      await using hot = await startWorkload(8, { hotPercent: 100, coldMebibytes: 8, node: 1 });
      await using cold = await startWorkload(24, { hotPercent: 0, node: 0 });
      const places = () => ({
        hotOn0: mebibytesOn(0, hot),
        coldOn1: mebibytesOn(1, cold),
        coldOfHotOn1: mebibytesOn(1, { pid: hot.pid, start: hot.cold.start }),
      });
      const before = places();
      const pids = ['--pid', `${hot.pid}`, '--pid', `${cold.pid}`];
      await thermocline('tier', 'shadow', ...pids, ...knobs, '--for', '3s');
      assert.deepEqual(places(), before, 'a shadow moves nothing');
      assert.deepEqual(before, { hotOn0: 0, coldOn1: 0, coldOfHotOn1: 8 });
      const running = callCommand('tier', 'run', ...pids, ...knobs);
      await until(
        () => places().hotOn0 >= 7 && places().coldOn1 >= 22,
        () => JSON.stringify(places()),
        65_000,
      );
      process.kill(process.pid, 'SIGINT');
      const { status, stdout } = await running;
      const after = places();
      t.note(JSON.stringify(after));
      t.note(JSON.stringify(JSON.parse(stdout.trim().split('\n').at(-1)!).moved));
      assert.equal(status, 130);
      assert.equal(after.coldOfHotOn1, 8, 'what is cold stays down');
      assert.deepEqual(everyFile(), files);
    },
  },
};
export default suite;
