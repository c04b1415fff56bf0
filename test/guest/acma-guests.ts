/**
 * Two real guests under one budget, steered from out here. One cooperates: its kernel lets go of
 * blocks; the other has a balloon and knows nothing of it.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AcmaRun, budget, checkBudget } from './acma-run.ts';
import type { GuestSuite } from './harness.ts';
import type { Rig } from './jobs.ts';
import { until } from './memory-figures.ts';
import { mebibyte, ScaledGuest, wholeBytes } from './scaled-guest.ts';

/** @param rig machines of several shapes */
export function acmaGuestTests(rig: Rig): GuestSuite['tests'] {
  return {
    async 'two guests share a budget as their load moves, nothing of theirs is lost, and killed, all is back'(
      t,
    ) {
      const folder = mkdtempSync(path.join(tmpdir(), 'thermocline-guests-'));
      try {
        await using a = await ScaledGuest.cooperating(rig, path.join(folder, 'a.qmp'));
        await using b = await ScaledGuest.ballooned(rig, path.join(folder, 'b.qmp'));
        using run = new AcmaRun([a.socket, b.socket], path.join(folder, 'state'));
        await shareAndMove(run, a, b, t.note);
        run.kill('SIGKILL');
        const killed = performance.now();
        for (const guest of [a, b]) {
          const isBack = async () => (await guest.sizeBytes()) === wholeBytes;
          await until(isBack, 'the whole guest', 15_000);
        }
        t.note(`back ${((performance.now() - killed) / 1000).toFixed(1)} s after the kill`);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  };
}

async function shareAndMove(
  run: AcmaRun,
  a: ScaledGuest,
  b: ScaledGuest,
  note: (text: string) => void,
) {
  const size = (guest: ScaledGuest) => run.latest(guest)?.sizeBytes ?? wholeBytes;
  const told = () => run.told;
  const mib = (bytes: number) => `${Math.round(bytes / mebibyte)} MiB`;
  const sizes = () => `${mib(size(a))} + ${mib(size(b))}`;
  const hosts = () => `${mib(a.hostBytes)} + ${mib(b.hostBytes)} of the host`;
  // It lies in blocks that are to leave, so that its pages have to move.
  const kept = a.hold(48, 35);
  await kept.held;
  await until(() => size(a) + size(b) <= budget, told, 40_000);
  note(`${sizes()} at first`);
  const from = run.lines.length;

  const first = a.hold(260, 1);
  await first.held;
  const loaded = a.hostBytes;
  note(`${sizes()} with the load in the one that cooperates, ${hosts()}`);
  assert.ok(loaded > b.hostBytes, hosts());
  assert.equal(await first.done, 'holds\nintact');

  const second = b.hold(340, 8);
  await second.held;
  await until(() => size(b) > size(a), told, 20_000);
  note(`${sizes()} with it in the other, ${hosts()}`);
  assert.ok(b.hostBytes > a.hostBytes, hosts());
  assert.ok(a.hostBytes < loaded - 100 * mebibyte, hosts());
  assert.equal(await second.done, 'holds\nintact');
  assert.equal(await kept.done, 'holds\nintact');

  assert.match(run.latest(a)!.pressureFrom, /by its agent$/, told());
  assert.match(run.latest(b)!.pressureFrom, /^a proxy/, told());
  note(`its agent takes ${mib(run.latest(a)!.agentBytes)}`);
  checkBudget(run.lines.slice(from));
}
