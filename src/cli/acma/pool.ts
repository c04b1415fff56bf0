/** `acma pool plan | run | status` on this machine. */
import type { Command } from 'commander';
import { ThermoclineError } from '../../base/errors.ts';
import { exactJson } from '../../base/exact-json.ts';
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import { COMPACT_EVERY_MS, LoosePool } from '../../control/acma/loose-pool.ts';
import { PoolLoop, type PoolReport } from '../../control/acma/pool-loop.ts';
import { PressureWatch } from '../../control/acma/pressure-watch.ts';
import { ActingSession } from '../../control/acting-session.ts';
import { serveOwner } from '../../control/owner-socket.ts';
import { openStateFolder, stateFolderPath } from '../../control/state-folder.ts';
import { BLOCK_BYTES } from '../../policies/acma/observation.ts';
import type { PoolKnobs } from '../../policies/acma/pool.ts';
import { Interruption } from '../interruption.ts';
import { rootsOf } from '../roots.ts';
import { returnLeftovers } from './run.ts';
import { acmaRuns, POOL_RUN, statusSocket } from './status.ts';

/** As commander hands them over. */
export interface PoolOptions {
  readonly target: number;
  /** A share from 0 to 1. */
  readonly pressure: number;
  readonly every: number;
  readonly for?: number;
  readonly json?: true;
}

const STEP_MS = 1000;

/** The whole output. Changes nothing. */
export function printPoolPlan(options: PoolOptions, command: Command): string {
  const { targetBytes, pressureShare } = poolKnobs(options);
  const pool = new LoosePool({ roots: rootsOf(command) });
  const { nrReady, freeBytes, coldBytes } = pool.observe();
  const plan = {
    name: pool.name,
    ...{ targetBytes, pressureShare },
    readyBytes: nrReady * BLOCK_BYTES,
    scatteredBytes: freeBytes,
    coldBytes,
    writes: pool.steps,
  };
  if (options.json) return `${JSON.stringify(plan, null, 2)}\n`;
  const lines = [
    `${pool.name}: ${formatBytes(plan.readyBytes)} ready of ${formatBytes(targetBytes)}; ` +
      `${formatBytes(freeBytes)} are free in smaller pieces, ${formatBytes(coldBytes)} are cold`,
    `would write, while less than ${formatShare(pressureShare)} of time is lost and more is lacking:`,
    ...pool.steps.map(({ text }) => `  ${text}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Returns the exit status. */
export async function runPool(options: PoolOptions, command: Command): Promise<number> {
  const roots = rootsOf(command);
  const knobs = poolKnobs(options);
  using interruption = new Interruption();
  const pool = new LoosePool({ roots });
  const description = `${POOL_RUN} of ${pool.name}`;
  await returnLeftovers(description, roots);
  await using session = await ActingSession.open({ roots, description });
  for (const step of pool.steps) session.record(step);
  const loop = new PoolLoop(pool, knobs);
  let latest: PoolReport | null = null;
  const socket = statusSocket(openStateFolder(stateFolderPath()), process.pid);
  await using _status = await serveOwner(socket, async () => (latest === null ? [] : [latest]));
  const over = AbortSignal.any([interruption.signal, session.signal]);
  const watch = new PressureWatch(() => pool.stalledUs(), knobs.pressureShare);
  const startMs = performance.now();
  let printedMs = Number.NEGATIVE_INFINITY;
  while (!over.aborted) {
    session.assertActing();
    latest = await loop.step();
    const nowMs = performance.now();
    if (nowMs - printedMs >= options.every / 1000 - STEP_MS / 10) {
      printedMs = nowMs;
      process.stdout.write(`${options.json ? exactJson(latest) : poolLine(latest)}\n`);
    }
    if (options.for !== undefined && (nowMs - startMs) * 1000 >= options.for) break;
    await watch.until(STEP_MS, over);
  }
  if (interruption.signal.aborted) return interruption.exitStatus;
  session.signal.throwIfAborted();
  return 0;
}

/** The whole output. */
export async function printPoolStatus(json: boolean): Promise<string> {
  const runs = await acmaRuns<PoolReport>((description) => description.startsWith(POOL_RUN));
  if (json) return `${JSON.stringify({ runs }, null, 2)}\n`;
  if (runs.length === 0) return 'No run of a pool is known here.\n';
  return runs
    .flatMap(({ state, pid, description, latest }) => [
      `${state.padEnd(10)}process ${pid}: ${description}`,
      ...latest.map((report) => `          ${poolLine(report)}`),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

/** Throws TC_INVALID for knobs that leave nothing to do. */
function poolKnobs({ target, pressure }: PoolOptions): PoolKnobs {
  if (target < BLOCK_BYTES) {
    throw new ThermoclineError(
      'TC_INVALID',
      `--target is ${formatBytes(target)}; memory is made ready in blocks of ${formatBytes(BLOCK_BYTES)}, so name more.`,
    );
  }
  if (!(pressure > 0 && pressure <= 1)) {
    throw new ThermoclineError(
      'TC_INVALID',
      '--pressure has to be above 0 and up to 100%, like 0.1%.',
    );
  }
  return { targetBytes: target, pressureShare: pressure, tryEveryMs: COMPACT_EVERY_MS };
}

function poolLine(report: PoolReport): string {
  const { timeUs, readyBytes, targetBytes, scatteredBytes, pressureShare } = report;
  const { reclaimedBytes, nrCompactions, why } = report;
  return (
    `${formatDuration(timeUs).padStart(8)}  ${formatBytes(readyBytes)} ready of ${formatBytes(targetBytes)}, ` +
    `${formatBytes(scatteredBytes)} free in smaller pieces, pressure ${formatShare(pressureShare)}; ` +
    `${formatBytes(reclaimedBytes)} reclaimed, compacted ${nrCompactions} times; ${why}`
  );
}
