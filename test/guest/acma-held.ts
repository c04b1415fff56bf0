/** A real guest that holds blocks for the host, steered from out here. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AcmaRun } from './acma-run.ts';
import type { GuestSuite } from './harness.ts';
import type { Rig } from './jobs.ts';
import type { Machine } from './machine.ts';
import { until } from './memory-figures.ts';
import { guestRoot } from './project.ts';
import { mebibyte, ScaledGuest } from './scaled-guest.ts';

const blockBytes = 2 * mebibyte;

/** @param rig machines of several shapes */
export function acmaHeldTests(rig: Rig): GuestSuite['tests'] {
  return {
    "blocks that a guest holds leave the host's memory, outlive the agent, and killed, are back": (
      t,
    ) =>
      onGuest(rig, async (guest, start) => {
        const nrWanted = 64;
        // The host has supplied what is free, as to any guest that was busy once.
        await guest.hold(450, 0).done;
        const kept = guest.hold(60, 80);
        await kept.held;
        const before = guest.hostBytes;
        const { machine } = guest;
        await machine.run(['sh', '-c', 'echo 1 > /proc/sys/vm/hugetlb_optimize_vmemmap']);
        const structPages = await nrStructPages(machine);
        using run = start();
        const told = () => run.told;
        const held = () => run.latest(guest)?.held;
        await until(() => (held()?.nrHeld ?? 0) >= nrWanted, told, 40_000);
        const left = before - guest.hostBytes;
        const { nrHeld, nrRefused, longestPauseMs, structBytesGivenUp } = held()!;
        t.note(`${nrHeld} held, ${nrRefused} refused, ${Math.round(left / mebibyte)} MiB left`);
        t.note(`longest pause ${longestPauseMs.toFixed(1)} ms`);
        assert.ok(left > (nrWanted - 16) * blockBytes, told());
        const nrGivenUp = structPages - (await nrStructPages(machine));
        t.note(`its kernel has ${nrGivenUp} pages of structures less`);
        assert.ok(nrGivenUp >= 7 * (nrWanted - 1), told());
        assert.equal(structBytesGivenUp % (7 * 4096), 0);
        assert.ok(structBytesGivenUp >= 7 * 4096 * (nrWanted - 16), told());

        await guest.killAgent();
        assert.ok((await nrFiles(guest)) >= nrWanted);
        await guest.startAgent();
        const { timeUs } = run.latest(guest)!;
        await until(() => run.latest(guest)!.timeUs > timeUs + 3e6, told, 15_000);
        assert.ok(held()!.nrHeld >= nrWanted, told());

        run.kill('SIGKILL');
        const killed = performance.now();
        await until(async () => (await nrFiles(guest)) === 0, 'no files', 15_000);
        t.note(`back ${((performance.now() - killed) / 1000).toFixed(1)} s after the kill`);
        await guest.machine.put({ '/tmp/let-go': '' });
        assert.equal(await kept.done, 'holds\nintact');
      }),

    'a block that a program in the guest writes to is refused, and keeps each byte': (t) =>
      onGuest(rig, async (guest, start) => {
        const waits = Promise.withResolvers<void>();
        const spoils = guest.machine.run(['node', `${guestRoot}/test/guest/spoil-block.js`], {
          timeLimitMs: 80_000,
          onLine: () => waits.resolve(),
        });
        await Promise.race([waits.promise, spoils]);
        using run = start();
        const held = () => run.latest(guest)?.held;
        const isSeen = () => (held()?.nrRefused ?? 0) > 0 && held()!.nrHeld >= 16;
        await until(isSeen, () => run.told, 40_000);
        t.note(`${held()!.nrHeld} held, ${held()!.nrRefused} refused`);
        await guest.machine.put({ '/tmp/let-go': '' });
        const { stdout, stderr } = await spoils;
        assert.equal(stdout, 'waits\nkept\n', stderr);
        run.kill('SIGTERM');
        await until(async () => (await nrFiles(guest)) === 0, 'no files', 15_000);
      }),
  };
}

/** @param happens gets a guest with an agent that may hold blocks, and what starts a run on it */
async function onGuest(
  rig: Rig,
  happens: (guest: ScaledGuest, start: () => AcmaRun) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'thermocline-held-'));
  try {
    await using guest = await ScaledGuest.holding(rig, path.join(folder, 'a.qmp'));
    const state = path.join(folder, 'state');
    await happens(guest, () => new AcmaRun([guest.socket], state, ['--hold-blocks']));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Pages that its kernel has for page structures. */
async function nrStructPages(machine: Machine): Promise<number> {
  const { stdout } = await machine.run(['cat', '/proc/vmstat']);
  const counts = [...stdout.matchAll(/^nr_memmap(?:_boot)?_pages (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

async function nrFiles({ machine }: ScaledGuest): Promise<number> {
  const { stdout } = await machine.run(['ls', '/run/thermocline-held']);
  return stdout.split('\n').filter(Boolean).length;
}
