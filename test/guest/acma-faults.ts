/** What goes wrong with real guests that are scaled from out here, and what comes of the others. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AcmaRun, budget, checkBudget } from './acma-run.ts';
import type { GuestSuite } from './harness.ts';
import type { Rig } from './jobs.ts';
import { until } from './memory-figures.ts';
import { QmpWire } from './qmp-wire.ts';
import { mebibyte, ScaledGuest, wholeBytes } from './scaled-guest.ts';

const limitMs = 15_000;

/** Two guests of one run that just fit its budget. */
interface Pair {
  /** It cooperates. */
  readonly a: ScaledGuest;
  /** The run's line to QEMU of that one. */
  readonly wire: QmpWire;
  /** It has a balloon. */
  readonly b: ScaledGuest;
  readonly run: AcmaRun;
}

/** @param rig machines of several shapes */
export function acmaFaultTests(rig: Rig): GuestSuite['tests'] {
  return {
    'an agent is killed while its guest comes down, and another one comes': (t) =>
      onPair(rig, 'both live on', async ({ a, wire, run }) => {
        await a.killAgent();
        const killed = performance.now();
        const from = run.lines.length;
        const sizes = () =>
          run.lines
            .slice(from)
            .flatMap(({ name, sizeBytes }) => (name.endsWith(wire.socket) ? [sizeBytes] : []));
        const isSilent = () => /agent is silent/.test(run.latest(wire)!.pressureFrom);
        await until(isSilent, () => run.told, limitMs);
        t.note(`seen from outside after ${secondsSince(killed)}`);
        // What was ordered before it was killed may still be carried out.
        const [first] = sizes();
        assert.ok(
          sizes().every((bytes) => bytes >= first! - 128 * mebibyte),
          run.told,
        );
        await a.startAgent();
        const cooperates = () => /by its agent$/.test(run.latest(wire)!.pressureFrom);
        await until(cooperates, () => run.told, limitMs);
      }),

    'the line to QEMU is cut: the other goes on, and in the end both are as before': (t) =>
      onPair(rig, 'both live on', async ({ a, wire, b, run }) => {
        wire.cut();
        await leavesOut(run, b);
        run.kill('SIGTERM');
        const ended = performance.now();
        for (const guest of [a, b]) await isWhole(guest);
        t.note(`both whole ${secondsSince(ended)} after the end`);
      }),

    'a guest is powered off while it comes down: the other is not touched by it': (t) =>
      onPair(rig, 'one lives on', async ({ a, b, run }) => {
        await a[Symbol.asyncDispose]();
        await leavesOut(run, b);
        run.kill('SIGTERM');
        const ended = performance.now();
        await isWhole(b);
        t.note(`the other whole ${secondsSince(ended)} after the end`);
      }),

    'a run that hangs is ended by its guard, which QEMU then serves': (t) =>
      inFolder(async (folder) => {
        await using guest = await ScaledGuest.ballooned(rig, path.join(folder, 'b.qmp'));
        using run = new AcmaRun([guest.socket], path.join(folder, 'state'));
        const size = () => run.latest(guest)?.sizeBytes ?? wholeBytes;
        await until(
          () => size() < wholeBytes,
          () => run.told,
          40_000,
        );
        run.kill('SIGSTOP');
        const stopped = performance.now();
        assert.deepEqual(await run.ended, [null, 'SIGKILL']);
        await isWhole(guest);
        t.note(`whole ${secondsSince(stopped)} after it stood still`);
      }),
  };
}

/** Lets something happen to guests that hold memory, of which nothing may be lost. */
async function onPair(
  rig: Rig,
  outcome: 'both live on' | 'one lives on',
  happens: (pair: Pair) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    await using a = await ScaledGuest.cooperating(rig, path.join(folder, 'a.qmp'));
    await using wire = await QmpWire.to(a.socket);
    await using b = await ScaledGuest.ballooned(rig, path.join(folder, 'b.qmp'));
    const kept = [b.hold(100, 20), a.hold(48, 20)];
    for (const { held } of kept) await held;
    using run = new AcmaRun([wire.socket, b.socket], path.join(folder, 'state'));
    const size = (guest: { readonly socket: string }) => run.latest(guest)?.sizeBytes ?? wholeBytes;
    await until(
      () => size(wire) + size(b) <= budget,
      () => run.told,
      40_000,
    );
    const from = run.lines.length;
    await happens({ a, wire, b, run });
    checkBudget(run.lines.slice(from));
    const living = kept.slice(0, outcome === 'both live on' ? 2 : 1);
    for (const { done } of living) assert.equal(await done, 'holds\nintact');
  });
}

async function inFolder(happens: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'thermocline-faults-'));
  try {
    await happens(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The run says that it has lost one, and goes on with the other. */
async function leavesOut(run: AcmaRun, other: ScaledGuest): Promise<void> {
  await until(
    () => /can't be talked to any more/.test(run.errors),
    () => run.told,
    limitMs,
  );
  const { timeUs } = run.latest(other)!;
  await until(
    () => run.latest(other)!.timeUs > timeUs + 3e6,
    () => run.told,
    limitMs,
  );
}

async function isWhole(guest: ScaledGuest): Promise<void> {
  await until(async () => (await guest.sizeBytes()) === wholeBytes, 'the whole guest', limitMs);
}

function secondsSince(startMs: number): string {
  return `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
}
