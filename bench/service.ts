/**
 * The service with one monitor of 1,000 regions at 5 ms / 100 ms: the delay of its event loop, and
 * how many of the monitor's pictures three readers get, beside the same service without readers.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { LinuxHost } from '../src/host/linux/linux-host.ts';
import { resolveRoots } from '../src/host/linux/roots.ts';
import { parseScenario } from '../src/host/sim/index.ts';
import { monitorOpener } from '../src/service/open-monitor.ts';
import type { OwnedMonitor } from '../src/service/owned-monitor.ts';
import { runService } from '../src/service/run-service.ts';
import { type Bench, formatFigure } from './harness.ts';

const file = path.join(import.meta.dirname, '../examples/scenarios/terabyte.yaml');
const nrReaders = 3;
const roundMs = 15_000;
const warmUpMs = 5000;

/** Reads a stream in a thread of its own, as a dashboard would in a process of its own. */
const READER = `
  const { workerData, parentPort } = require('node:worker_threads');
  const { url, token } = workerData;
  let frames = 0;
  let left = 0;
  parentPort.on('message', () => {
    parentPort.postMessage({ frames });
    frames = 0;
  });
  fetch(url, { headers: { authorization: 'Bearer ' + token } }).then(async (response) => {
    for await (const piece of response.body) {
      // A frame begins where the one before has ended; its first four bytes are never cut here.
      for (let at = left; at < piece.length; frames += 1) {
        at += 4 + new DataView(piece.buffer, piece.byteOffset + at, 4).getUint32(0, true);
        left = at;
      }
      left -= piece.length;
    }
  }).catch(() => {});`;

interface Round {
  readonly p99Ms: number;
  readonly meanMs: number;
  /** Pictures a second that the monitor made. */
  readonly taken: number;
  /** Those that the slowest reader got. */
  readonly perSecond: number;
}

async function round(monitor: OwnedMonitor, readers: readonly Worker[]): Promise<Round> {
  await delay(warmUpMs);
  await Promise.all(readers.map(counted));
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const begin = performance.now();
  const before = monitor.nrPictures;
  await delay(roundMs);
  histogram.disable();
  const seconds = (performance.now() - begin) / 1000;
  const taken = (monitor.nrPictures - before) / seconds;
  const frames = await Promise.all(readers.map(counted));
  const p99Ms = histogram.percentile(99) / 1e6;
  const perSecond = Math.min(...frames, Number.POSITIVE_INFINITY) / seconds;
  return { p99Ms, meanMs: histogram.mean / 1e6, taken, perSecond };
}

function counted(reader: Worker): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  reader.once('message', ({ frames }) => resolve(frames));
  reader.postMessage('count');
  return promise;
}

const bench: Bench = {
  about: "the service's event loop with three readers of 1,000 regions, beside nobody reading",
  async run(progress) {
    const folder = mkdtempSync(path.join(tmpdir(), 'thermocline-bench-'));
    const roots = resolveRoots({});
    const scenario = parseScenario(readFileSync(file, 'utf8'), 'terabyte.yaml');
    const readers: Worker[] = [];
    try {
      await using running = await runService({
        host: new LinuxHost(roots),
        stateDir: folder,
        port: 0,
        open: monitorOpener(roots, folder, () => scenario),
        recordings: null,
        pagesFolder: path.join(folder, 'none'),
        capabilities: () => [],
        scenarios: [],
        version: '0',
        logFault: () => {},
      });
      const monitor = await running.service.create(
        {
          name: 'app',
          watch: { kind: 'simulation', scenario: 'terabyte' },
          params: { attrs: { minNrRegions: 1000, maxNrRegions: 1000 } },
          cpuCeiling: 1,
        },
        'api',
      );
      progress('service: nobody reads');
      const alone = await round(monitor, []);
      const token = readFileSync(running.readTokenFile, 'utf8').trim();
      const workerData = { url: `${running.url}/api/v1/monitors/app/stream`, token };
      for (let reader = 0; reader < nrReaders; reader++) {
        readers.push(new Worker(READER, { eval: true, workerData }));
      }
      progress(`service: ${nrReaders} readers`);
      const read = await round(monitor, readers);
      const row = (name: string, { p99Ms, meanMs, taken, perSecond }: Round) => [
        name,
        `${formatFigure(p99Ms)} ms`,
        `${formatFigure(meanMs)} ms`,
        formatFigure(taken),
        Number.isFinite(perSecond) ? formatFigure(perSecond) : '-',
      ];
      const { nrRegions } = monitor.latest!.snapshot;
      return {
        json: {
          nrRegions,
          nrReaders,
          alone: { p99Ms: alone.p99Ms },
          read,
          ratio: read.p99Ms / alone.p99Ms,
        },
        table: [
          ['readers', 'event loop delay, p99', 'mean', 'pictures a second', 'of them read'],
          row('none', alone),
          row(String(nrReaders), read),
        ],
        notes: [
          `${nrRegions} regions at 5 ms / 100 ms: ten pictures a second are all that there are.`,
        ],
      };
    } finally {
      await Promise.all(readers.map((reader) => reader.terminate()));
      rmSync(folder, { recursive: true });
    }
  },
};

export default bench;
