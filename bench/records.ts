/**
 * What reports on large recordings take, in processes of their own: CPU and the most memory, beside
 * unpacking the same file and doing nothing with it, beside Python's JSON where there is Python,
 * and beside damo where it can be had.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatBytes, formatShare } from '../src/base/units.ts';
import { fetchDamo } from './damo.ts';
import { type Bench, formatFigure, type Report } from './harness.ts';
import { writeGenerated } from './record-generator.ts';

const nrRegions = 1000;
const snapshotsASecond = 10;

const program = fileURLToPath(new URL('../bin/thermocline.js', import.meta.url));
const child = fileURLToPath(new URL('records-child.ts', import.meta.url));
const usageAtExit = new URL('usage-at-exit.ts', import.meta.url).href;
const pythonLoad = `
import json, os, resource, sys, zlib
json.loads(zlib.decompress(open(sys.argv[1], 'rb').read()))
used = resource.getrusage(resource.RUSAGE_SELF)
os.write(3, json.dumps({'cpuSeconds': used.ru_utime + used.ru_stime,
                        'peakBytes': used.ru_maxrss * 1024}).encode())`;

interface Usage {
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

interface Ran extends Usage {
  readonly stdout: string;
}

/** Runs a program that tells its usage on descriptor 3; null where there is no such program. */
async function run(command: string, args: readonly string[]): Promise<Ran | null> {
  const running = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
  const text = async (stream: AsyncIterable<Buffer>) => {
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  };
  const [, out, , usage] = running.stdio;
  const status = new Promise<number | null>((resolve) => {
    running.on('error', () => resolve(null));
    running.on('close', (code) => resolve(code));
  });
  const [code, stdout, told] = await Promise.all([
    status,
    text(out!),
    text(usage as unknown as AsyncIterable<Buffer>),
  ]);
  if (code === null) return null;
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with status ${code}`);
  return { ...(JSON.parse(told) as Usage), stdout };
}

async function node(args: readonly string[]): Promise<Ran> {
  return (await run(process.execPath, ['--import', usageAtExit, ...args]))!;
}

/** Null where damo can't be had or run; then that is said. */
async function damo(
  report: string,
  file: string,
  progress: (line: string) => void,
): Promise<Ran | null> {
  try {
    const { command, arguments: withDamo } = await fetchDamo();
    return await run(command, withDamo('report', report, '--input', file));
  } catch (error) {
    progress(`records: damo is not measured: ${(error as Error).message}`);
    return null;
  }
}

interface Measured extends Usage {
  readonly what: string;
}

interface Size {
  readonly nrSnapshots: number;
  readonly fileBytes: number;
  readonly tcrBytes: number;
  /** Encoding and writing one snapshot. */
  readonly writeUs: number;
  readonly measured: readonly Measured[];
}

async function measure(
  folder: string,
  nrSnapshots: number,
  progress: (line: string) => void,
): Promise<Size> {
  const file = join(folder, `${nrSnapshots}.data`);
  const record = join(folder, `${nrSnapshots}.tcr`);
  progress(`records: making ${nrSnapshots} snapshots of ${nrRegions} regions`);
  await writeGenerated(file, nrSnapshots, nrRegions);
  const sizes = [String(nrSnapshots), String(nrRegions)];
  const written = JSON.parse((await node([child, 'write-tcr', ...sizes, record])).stdout);
  const measured: Measured[] = [];
  const add = (what: string, ran: Ran | null) => {
    if (ran === null) return;
    const { cpuSeconds, peakBytes } = ran;
    measured.push({ what, cpuSeconds, peakBytes });
    progress(`records: ${what}: ${formatFigure(cpuSeconds)} s`);
  };
  add('unpack only', await node([child, 'inflate', file]));
  for (const [format, input] of [
    ["damo's file", file],
    ['.tcr', record],
  ] as const) {
    for (const report of ['wss', 'heatmap']) {
      add(`${report}, ${format}`, await node([program, 'report', report, input, '--json']));
    }
  }
  // More would need more memory than most machines have.
  if (nrSnapshots <= 1000) {
    add('python loads it', await run('python3', ['-c', pythonLoad, file]));
    for (const report of ['wss', 'heatmap'])
      add(`${report}, by damo`, await damo(report, file, progress));
  }
  const { size } = await stat(file);
  const writeUs = written.cpuUs / nrSnapshots;
  return { nrSnapshots, fileBytes: size, tcrBytes: written.bytes, writeUs, measured };
}

function report(sizes: readonly Size[]): Report {
  const rows = sizes.flatMap(({ nrSnapshots, measured }) => {
    const base = measured[0]!.cpuSeconds;
    return measured.map(({ what, cpuSeconds, peakBytes }) => [
      what,
      `${(nrSnapshots * nrRegions) / 1e6} M`,
      formatFigure(cpuSeconds),
      `${formatFigure(cpuSeconds / base)}x`,
      formatBytes(peakBytes),
    ]);
  });
  const notes = sizes.map(({ nrSnapshots, fileBytes, tcrBytes, writeUs }) => {
    const share = formatShare((writeUs * snapshotsASecond) / 1e6);
    return (
      `${nrSnapshots} snapshots of ${nrRegions} regions: damo's file ${formatBytes(fileBytes)}, ` +
      `.tcr ${formatBytes(tcrBytes)} (${formatFigure(tcrBytes / nrSnapshots / nrRegions)} bytes a ` +
      `region); writing .tcr takes ${formatFigure(writeUs / 1000)} ms a snapshot, ` +
      `${share} of a core at ${snapshotsASecond} a second.`
    );
  });
  return {
    json: { nrRegions, sizes },
    table: [['', 'regions', 'CPU s', 'of unpacking', 'peak memory'], ...rows],
    notes,
  };
}

const bench: Bench = {
  about: 'reports on large recordings, and what a .tcr record costs',
  async run(progress, { long }) {
    const folder = await mkdtemp(join(tmpdir(), 'thermocline-records-'));
    try {
      const sizes: Size[] = [];
      for (const nrSnapshots of long ? [1000, 10_000] : [1000]) {
        sizes.push(await measure(folder, nrSnapshots, progress));
      }
      return report(sizes);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

export default bench;
