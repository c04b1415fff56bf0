/** `convert` as people run it. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { allSnapshots } from '../../test/records/reading.ts';
import { readRecording } from '../record/open.ts';
import { nodeCodec, openFile } from './record-files.ts';

const base = mkdtempSync(join(tmpdir(), 'thermocline-convert-'));
afterAll(() => rmSync(base, { recursive: true }));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(base, 'case-'));
});

const program = fileURLToPath(new URL('../../bin/thermocline.js', import.meta.url));
const record = fileURLToPath(new URL('../../test/records/damon.data', import.meta.url));

function convert(args: readonly string[], input?: Uint8Array) {
  const env = { ...process.env, TMPDIR: folder, NODE_DISABLE_COMPILE_CACHE: '1' };
  return spawnSync(process.execPath, [program, 'convert', ...args], { env, input: input ?? '' });
}

const snapshotsOf = (file: string) => allSnapshots(readRecording(openFile(file), nodeCodec));

test('there and back again, by the names of files', async () => {
  const at = (name: string) => join(folder, name);
  for (const [from, to] of [
    [record, at('a.tcr')],
    [at('a.tcr'), at('b.json')],
    [at('b.json'), at('c.data')],
    [at('c.data'), at('d.script')],
    [at('d.script'), at('e.tcr')],
  ] as const) {
    const { status, stderr, stdout } = convert([from, to]);
    expect({ status, error: String(stderr), out: String(stdout) }).toEqual({
      ...{ status: 0, error: '', out: '' },
    });
  }
  const expected = await snapshotsOf(record);
  expect(await snapshotsOf(at('c.data'))).toEqual(expected);
  // A trace has no start of its own for the first snapshot, and no place for gaps.
  expect((await snapshotsOf(at('e.tcr'))).map(({ start }) => start)).toEqual(
    expected.map(({ start }) => start),
  );
  expect(statSync(at('a.tcr')).mode & 0o777).toBe(0o600);
});

test('from standard input to standard output, and nothing is left behind', () => {
  const { status, stdout, stderr } = convert(['-', '-', '--to', 'csv'], readFileSync(record));
  expect({ status, error: String(stderr) }).toEqual({ status: 0, error: '' });
  expect(String(stdout).trimEnd().split('\n')).toHaveLength(9774);
  expect(readdirSync(folder)).toEqual([]);
});

test('addresses that are relative begin at 0', async () => {
  const out = join(folder, 'a.tcr');
  expect(convert([record, out, '--relative-addresses']).status).toBe(0);
  expect((await snapshotsOf(out))[0]!.start[0]).toBe(0);
});

test('nothing is overwritten without --overwrite', () => {
  const out = join(folder, 'a.csv');
  writeFileSync(out, 'mine');
  const { status, stderr } = convert([record, out]);
  expect({ status, error: String(stderr) }).toEqual({
    status: 2,
    error: expect.stringContaining('is there already'),
  });
  expect(readFileSync(out, 'utf8')).toBe('mine');
  expect(convert([record, out, '--overwrite']).status).toBe(0);
  expect(readFileSync(out, 'utf8')).toMatch(/^series,/);
});

test.each([
  [['nowhere', 'a.csv'], 1, 'does not exist'],
  [[record, 'a.xyz'], 2, 'does not say what to write; add --to'],
  [[record, join('nowhere', 'a.csv')], 1, 'There is no folder'],
  [[program, 'a.csv'], 2, 'This is no recording'],
])('%j ends with one sentence', (args, expected, sentence) => {
  const [input, output] = args as [string, string];
  const out = output === '-' ? output : join(folder, output);
  const { status, stderr } = convert([input, out]);
  expect(String(stderr)).toMatch(/^thermocline: [^\n]*\n$/);
  expect(String(stderr)).toContain(sentence);
  expect(status).toBe(expected);
  expect(readdirSync(folder)).toEqual([]);
});

test('a damaged recording gives what is good of it, and says so', async () => {
  const half = join(folder, 'half.data');
  const packed = readFileSync(record);
  writeFileSync(half, packed.subarray(0, packed.length / 2));
  const { status, stderr } = convert([half, join(folder, 'a.tcr')]);
  expect(status).toBe(0);
  expect(String(stderr)).toMatch(
    /^The .* in the middle of a record\. The \d+ snapshots before are good\.\n$/,
  );
  expect((await snapshotsOf(join(folder, 'a.tcr'))).length).toBeGreaterThan(200);
});

test.skipIf(!existsSync('/dev/full'))('a full disk is one sentence', () => {
  const full = openSync('/dev/full', 'w');
  const args = [program, 'convert', record, '-', '--to', 'damo-json'];
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  expect(String(stderr)).toMatch(/^thermocline: [^\n]*disk is full[^\n]*\n$/);
  expect(status).toBe(1);
});

test('what can be read only once is refused by name, not waited for', () => {
  const { status, stderr } = convert(['/dev/zero', join(folder, 'endless.csv')]);
  expect(String(stderr)).toMatch(
    /^thermocline: \/dev\/zero is no regular file, .* "thermocline convert -"/,
  );
  expect(status).toBe(2);
});
