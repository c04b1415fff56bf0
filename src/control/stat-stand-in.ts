/**
 * Publishes the figures of DAMON_STAT while that is handed over: a monitor of all physical memory,
 * by the module's own attributes (spec 9.3), whose figures go into a file of the state folder.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bandwidthBytesPerSecond, idleTimePercentilesMs } from '../analysis/damon-stat.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from '../host/linux/process-identity.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { AUTO_INTERVALS_GOAL, DEFAULT_ATTRS, DEFAULT_PARAMS } from '../params/defaults.ts';
import type { AddressRange, Params } from '../params/types.ts';

/** As often as the module computes them. */
const EVERY_MS = 5_000;

/** What DAMON_STAT would tell, under its own names in our spelling. */
export interface StatFigures {
  readonly owner: ProcessIdentity;
  readonly wallTimeUs: number;
  readonly aggregationIntervalUs: number;
  readonly estimatedMemoryBandwidthBytesPerSecond: number;
  /** 101 values; negative: for how long memory has been in use. */
  readonly memoryIdleMsPercentiles: readonly number[];
}

/** The module's own parameters, for all memory. */
export function statParams(regions: readonly AddressRange[]): Params {
  return {
    ...DEFAULT_PARAMS,
    operations: 'paddr',
    attrs: { ...DEFAULT_ATTRS, intervalsGoal: AUTO_INTERVALS_GOAL },
    targets: [{ regions, obsolete: false }],
  };
}

/** Publishes what a running monitor sees, until it is disposed of; that stops the monitor, too. */
export function publishStat(monitor: Monitor, stateDir: string): AsyncDisposable {
  const file = fileOf(stateDir);
  const publish = async () => {
    try {
      const snapshot = await monitor.snapshot();
      const figures: StatFigures = {
        owner: ownIdentity(),
        wallTimeUs: snapshot.wallTimeUs ?? 0,
        aggregationIntervalUs: snapshot.aggregationIntervalUs,
        estimatedMemoryBandwidthBytesPerSecond: bandwidthBytesPerSecond(snapshot),
        memoryIdleMsPercentiles: idleTimePercentilesMs(snapshot),
      };
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(figures)}\n`, { mode: 0o600 });
      renameSync(`${file}.${process.pid}`, file);
    } catch {
      // It has ended, or the folder is gone: then there is nothing to publish.
    }
  };
  const timer = setInterval(() => void publish(), EVERY_MS);
  timer.unref();
  void publish();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await monitor.stop();
      rmSync(file, { force: true });
    },
  };
}

/** The latest figures of a process that lives; null when nobody publishes any. */
export function readStat(stateDir: string): StatFigures | null {
  try {
    const figures = JSON.parse(readFileSync(fileOf(stateDir), 'utf8')) as StatFigures;
    return isAlive(figures.owner) ? figures : null;
  } catch {
    return null;
  }
}

function fileOf(stateDir: string): string {
  return join(stateDir, 'kernel', 'damon-stat.json');
}
