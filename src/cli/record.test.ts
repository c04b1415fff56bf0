import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RecordItem } from '../record/recording.ts';
import { readTcr } from '../record/tcr-reader.ts';
import { nodeCodec, openFile, writeWholeFile } from './record-files.ts';

const program = new URL('../../bin/thermocline.js', import.meta.url).pathname;
const scenario = new URL('../../examples/scenarios/demo.yaml', import.meta.url).pathname;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'thermocline-record-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function record(...args: string[]): { status: number | null; stderr: string } {
  const options = { cwd: folder, encoding: 'utf8', timeout: 30_000 } as const;
  const { status, stderr } = spawnSync(process.execPath, [program, 'record', ...args], options);
  return { status, stderr };
}

async function read(name: string): Promise<RecordItem[]> {
  const items: RecordItem[] = [];
  for await (const batch of readTcr(openFile(join(folder, name))(), nodeCodec)) {
    items.push(...batch);
  }
  return items;
}

describe('thermocline record', () => {
  test('of a command ends with it, with its status, and can be read', async () => {
    const params = join(folder, 'quick.yaml');
    writeFileSync(params, 'attrs: { sampleIntervalUs: 10 ms, aggregationIntervalUs: 50 ms }\n');
    // It ends as soon as something was recorded of it, however slow the machine is.
    const untilWritten = 'for i in $(seq 200); do test -s command.tcr && break; sleep 0.1; done';
    const command = ['sh', '-c', `${untilWritten}; exit 3`];
    const more = ['--mappings', '--footprint', '-o', 'command.tcr'];
    const { status, stderr } = record('--params', params, ...more, '--', ...command);
    expect(stderr).toMatch(/^The command has ended with status 3\. Recorded 0:\d\d, \d+ snapshot/);
    expect(status).toBe(3);
    const items = await read('command.tcr');
    expect(items[0]).toMatchObject({ kind: 'origin', origin: { source: 'engine smaps' } });
    expect(items.filter(({ kind }) => kind === 'warning')).toEqual([]);
    expect(items.filter(({ kind }) => kind === 'snapshot').length).toBeGreaterThan(0);
    const names = items.flatMap((item) => (item.kind === 'mapping' ? [item.mapping.name] : []));
    expect(names).toContain('[stack]');
    expect(statSync(join(folder, 'command.tcr')).mode & 0o777).toBe(0o600);
  });

  test('of a simulated machine replaces no file unless told to', async () => {
    const args = ['--sim', scenario, '--for', '1s', '-o', 'sim.tcr'];
    expect(record(...args)).toMatchObject({ status: 0 });
    const again = record(...args);
    expect(again.status).toBe(2);
    expect(again.stderr).toContain(
      'sim.tcr is there already; name another file, or write --overwrite',
    );
    expect(record(...args, '--overwrite')).toMatchObject({ status: 0 });
    expect((await read('sim.tcr')).filter(({ kind }) => kind === 'snapshot')).toHaveLength(10);
  });

  test.each([
    [['-o', 'no/folder.tcr'], 1, 'There is no folder for no/folder.tcr'],
    [['-o', '/dev/null', '--overwrite'], 2, '/dev/null is no regular file'],
    [['--rotate-size', '1K'], 2, '--rotate-size has to be 4 KiB at least'],
  ])('%s: one sentence', (args, status, sentence) => {
    const found = record('--sim', scenario, ...args);
    expect(found.stderr).toContain(sentence);
    expect(found.stderr.split('\n')).toHaveLength(2);
    expect(found.status).toBe(status);
  });
});

describe('files', () => {
  test('what is packed comes out again, in pieces', async () => {
    const text = Buffer.from('0123456789abcdef'.repeat(100_000));
    const pieces = async function* () {
      // One piece of memory for all, as files have it.
      const piece = Buffer.alloc(1000);
      for (let at = 0; at < text.length; at += 1000) {
        text.copy(piece, 0, at);
        yield piece.subarray(0, Math.min(1000, text.length - at));
      }
    };
    const found: Uint8Array[] = [];
    const packed: Uint8Array[] = [];
    for await (const piece of nodeCodec.deflateStream(pieces())) packed.push(Buffer.from(piece));
    const source = async function* () {
      yield* packed;
    };
    for await (const piece of nodeCodec.inflateStream(source())) found.push(Buffer.from(piece));
    expect(Buffer.concat(found).equals(text)).toBe(true);

    const cut = async function* () {
      yield Buffer.concat(packed).subarray(0, -10);
    };
    let length = 0;
    for await (const piece of nodeCodec.inflateStream(cut())) length += piece.length;
    expect(length).toBeGreaterThan(text.length / 2);
    const damaged = async function* () {
      yield Buffer.from('no zlib stream at all');
    };
    const reading = nodeCodec.inflateStream(damaged())[Symbol.asyncIterator]();
    await expect(reading.next()).rejects.toThrow();
  });

  test('a file that fails leaves nothing behind', async () => {
    const path = join(folder, 'whole.bin');
    const failing = async function* () {
      yield Buffer.from('half');
      throw new Error('no more');
    };
    await expect(writeWholeFile(path, failing())).rejects.toThrow('no more');
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
    const whole = async function* () {
      yield Buffer.from('whole');
    };
    await writeWholeFile(path, whole());
    expect(statSync(path).size).toBe(5);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['missing.tcr', 'does not exist'],
    ['.', 'is a folder'],
  ])('%s %s', async (name, sentence) => {
    const reading = openFile(join(folder, name))()[Symbol.asyncIterator]();
    await expect(reading.next()).rejects.toThrow(sentence);
  });
});
