/**
 * Parts of the bench `records` that run in a process of their own.
 *
 *     node bench/records-child.ts inflate FILE                          a zlib stream, to nowhere
 *     node bench/records-child.ts write-tcr SNAPSHOTS REGIONS FILE      prints what writing took
 */
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { createInflate } from 'node:zlib';
import { nodeCodec } from '../src/cli/record-files.ts';
import { TcrWriter } from '../src/record/tcr-writer.ts';
import { generateRecording } from './record-generator.ts';

async function inflate(file: string): Promise<void> {
  const chunkSize = 2 ** 18;
  const pieces = createReadStream(file, { highWaterMark: chunkSize }).pipe(
    createInflate({ chunkSize }),
  );
  let bytes = 0;
  for await (const piece of pieces) bytes += (piece as Uint8Array).length;
  process.stdout.write(JSON.stringify({ bytes }));
}

/** Counts what encoding and writing take, without what making the regions up takes. */
async function writeTcr(nrSnapshots: number, nrRegions: number, file: string): Promise<void> {
  const descriptor = openSync(file, 'w');
  const writer = new TcrWriter(nodeCodec);
  let bytes = 0;
  let cpuUs = 0;
  const timed = (work: () => readonly Uint8Array[]) => {
    const before = process.cpuUsage();
    for (const piece of work()) bytes += writeSync(descriptor, piece);
    const { user, system } = process.cpuUsage(before);
    cpuUs += user + system;
  };
  for await (const items of generateRecording(nrSnapshots, nrRegions)) {
    for (const item of items) timed(() => writer.add(item));
  }
  timed(() => writer.end());
  closeSync(descriptor);
  process.stdout.write(JSON.stringify({ bytes, cpuUs }));
}

const [mode, ...args] = process.argv.slice(2);
if (mode === 'inflate') await inflate(args[0]!);
else await writeTcr(Number(args[0]), Number(args[1]), args[2]!);
