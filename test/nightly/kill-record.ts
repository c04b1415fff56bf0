/**
 * Kills a recording at random moments and reads what is left, by hand:
 *
 *     node test/nightly/kill-record.ts [--kills 200] [--seed 1] [--longest-ms 1500]
 *
 * Simulated recordings with the same seed have the same bytes, so what is left has to be the
 * beginning of one that was not killed, up to its last whole frame. Moments before anything is
 * written don't count.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KernelRandom } from '../../src/base/random.ts';
import { nodeCodec } from '../../src/cli/record-files.ts';
import { readTcr } from '../../src/record/tcr-reader.ts';

const program = fileURLToPath(new URL('../../bin/thermocline.js', import.meta.url));
const scenario = fileURLToPath(new URL('../../examples/scenarios/demo.yaml', import.meta.url));
const cutOff = /^The recording ends at byte (\d+) without its closing mark/;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    'longest-ms': { type: 'string', default: '1500' },
  },
});
const longestMs = Number(values['longest-ms']);

interface Left {
  readonly snapshots: number;
  /** Bytes up to the end of the last whole frame. */
  readonly wholeBytes: number;
}

/** Starts recording far more than there is time for, and kills it. */
async function killedAfter(waitMs: number, file: string): Promise<void> {
  const args = [program, 'record', '--sim', scenario, '--for', '30d', '-o', file];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await delay(waitMs);
  child.kill('SIGKILL');
  await ended;
}

/** @throws when anything but the end is missing */
async function read(bytes: Uint8Array): Promise<Left> {
  const source = (async function* () {
    yield bytes;
  })();
  let snapshots = 0;
  let endNs = 0n;
  const warnings: string[] = [];
  for await (const batch of readTcr(source, nodeCodec)) {
    for (const item of batch) {
      if (item.kind === 'warning') warnings.push(item.text);
      if (item.kind !== 'snapshot') continue;
      if (item.snapshot.startNs !== endNs) throw new Error(`a gap after ${endNs} ns`);
      endNs = item.snapshot.endNs;
      snapshots += 1;
    }
  }
  const match = cutOff.exec(warnings[0] ?? '');
  if (warnings.length !== 1 || match === null) throw new Error(`warnings: ${warnings.join(' ')}`);
  return { snapshots, wholeBytes: Number(match[1]) };
}

const folder = mkdtempSync(path.join(tmpdir(), 'thermocline-kill-'));
const random = new KernelRandom(Number(values.seed));
let nrEarly = 0;
let nrFailed = 0;
let nrSnapshots = 0;
try {
  const whole = path.join(folder, 'whole.tcr');
  await killedAfter(longestMs * 3, whole);
  const reference = readFileSync(whole);
  for (let kill = 1; kill <= Number(values.kills); ) {
    const waitMs = random.between(0, longestMs);
    const file = path.join(folder, `${kill}.tcr`);
    await killedAfter(waitMs, file);
    const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
    rmSync(file, { force: true });
    if (bytes.length === 0) {
      nrEarly += 1;
      continue;
    }
    try {
      const { snapshots, wholeBytes } = await read(bytes);
      const same = Math.min(wholeBytes, reference.length);
      if (!bytes.subarray(0, same).equals(reference.subarray(0, same))) {
        throw new Error('other bytes than those of a recording that went on');
      }
      nrSnapshots += snapshots;
    } catch (error) {
      nrFailed += 1;
      console.error(`kill ${kill}, after ${waitMs} ms: ${(error as Error).message}`);
    }
    if (kill % 20 === 0) console.log(`${kill} kills, ${nrFailed} failed`);
    kill += 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(
  `seed ${values.seed}: ${values.kills} kills, ${nrFailed} failed, ${nrSnapshots} snapshots read; ` +
    `${nrEarly} more before anything was written`,
);
process.exitCode = nrFailed > 0 ? 1 : 0;
