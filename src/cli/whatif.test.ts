/** What-if on recordings that damo made, of two halves of memory that take turns every 5 s. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { runMain } from '../../test/run-main.ts';

const MIB = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), 'thermocline-whatif-'));
afterAll(() => rmSync(folder, { recursive: true }));

const record = (name: string) =>
  fileURLToPath(new URL(`../../test/records/${name}`, import.meta.url));
const zigzag = record('damon.data');
const fiveSeconds = fileURLToPath(
  new URL('../../examples/params/reclaim-5s.yaml', import.meta.url),
);

const run = (...args: string[]) => runMain('whatif', ...args);

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, which the tests know
async function json(...args: string[]): Promise<any> {
  const { stdout, stderr, status } = await run(...args, '--json');
  expect([stderr, status]).toEqual(['', 0]);
  return JSON.parse(stdout);
}

test('five seconds leave the halves alone and take what neither of them is', async () => {
  const { outcome, perKnob, overTime, limits } = await json(zigzag, '--params', fiveSeconds);
  // 225.6 MiB are watched, of which the halves have 190.
  expect(outcome.residentBytes / MIB).toBeCloseTo(225.6, 0);
  expect(outcome.savedBytes / MIB).toBeGreaterThan(25);
  expect(outcome.savedBytes / MIB).toBeLessThan(40);
  expect(outcome.slowdownShare).toBeLessThan(0.02);
  expect(overTime.at(-1).savedBytes).toBe(outcome.endSavedBytes);
  expect(perKnob.map(({ name }: { name: string }) => name)).toEqual([
    'cold-age',
    'cold-age',
    'cold-age',
    ...Array(3).fill('bytes-per-second'),
  ]);
  expect(limits.join(' ')).toMatch(/tells no intervals.*no ages.*no footprint/);
});

test('two seconds take each half while it waits for its turn, at a price', async () => {
  const args = ['--params', fiveSeconds, '--knobs', 'cold-age=2s,bytes-per-second=1G'];
  const { outcome, knobs } = await json(zigzag, ...args);
  expect(knobs[1]).toEqual({ name: 'bytes-per-second', value: 2 ** 30 });
  expect(outcome.savedBytes / MIB).toBeGreaterThan(70);
  // Some 95 MiB come back at each of some ten turns.
  expect(outcome.refaultedBytes / MIB).toBeGreaterThan(600);
  expect(outcome.refaultedBytes / MIB).toBeLessThan(1300);
  const cheap = await json(zigzag, ...args, '--refault-cost', '1us');
  expect(cheap.outcome.slowdownShare).toBeLessThan(outcome.slowdownShare / 10);
});

test('a sweep finds the settings that no other beats', async () => {
  const grid = ['--sweep', 'cold-age=1s,2s,5s,10s', 'bytes-per-second=16M,256M'];
  const svg = join(folder, 'front.svg');
  const found = await json(zigzag, '--params', fiveSeconds, '--svg', svg, ...grid);
  expect(found.sets).toHaveLength(8);
  expect(found.sets[0].values).toEqual([1e6, 16 * MIB]);
  const front = found.front.map((index: number) => found.sets[index]);
  expect(front.length).toBeGreaterThan(1);
  for (const set of found.sets) {
    const beats = (other: typeof set) =>
      other.slowdownShare <= set.slowdownShare && other.savedBytes > set.savedBytes;
    expect(front.includes(set)).toBe(!found.sets.some(beats));
  }
  expect(readFileSync(svg, 'utf8').match(/<circle/g)).toHaveLength(8 + front.length);
});

test('a sweep gives what single replays give', async () => {
  const args = [zigzag, '--params', fiveSeconds];
  const { sets } = await json(...args, '--sweep', 'cold-age=3s', 'bytes-per-second=64M');
  const { outcome } = await json(...args, '--knobs', 'cold-age=3s,bytes-per-second=64M');
  expect(sets).toEqual([{ values: [3e6, 64 * MIB], ...outcome }]);
});

test('a single snapshot of physical memory tells what is cold, and says that this is all', async () => {
  const { outcome, limits } = await json(
    ...[record('damon.data.snapshot.nofilter'), '--params', fiveSeconds],
    ...['--knobs', 'bytes-per-second=100G'],
  );
  // By hand: bytes of regions that were not accessed, and 50 aggregation intervals old.
  expect(outcome.endSavedBytes / outcome.residentBytes).toBeCloseTo(0.914_265, 6);
  expect(limits).toContain(
    'A single snapshot tells what is cold, and nothing of what comes back; 54.7 GiB had not been ' +
      'accessed for 5 s, whatever quotas let through.',
  );
});

test('a damaged recording counts as far as it can be read, and says so', async () => {
  const cut = join(folder, 'cut.data');
  writeFileSync(cut, readFileSync(zigzag).subarray(0, 40_000));
  const { stdout, stderr, status } = await run(cut, '--params', fiveSeconds);
  expect(status).toBe(0);
  expect(stderr).toMatch(/snapshots before are good/);
  expect(stdout).toMatch(/limit: The recording is damaged/);
});

test('prints what people read', async () => {
  const { stdout } = await run(zigzag, '--params', fiveSeconds);
  expect(stdout).toMatch(/^what if .*reclaim-5s.yaml had run on/);
  expect(stdout).toMatch(/^saved {6}3\d(\.\d)? MiB on average \(1\d(\.\d)? %\)/m);
  expect(stdout).toMatch(/^cold-age +2.5 s +\d/m);
});

test.each([
  [[zigzag], /write either --policy NAME or --params FILE/],
  [[zigzag, '--params', fiveSeconds, '--policy', 'stat'], /write either/],
  [['--params', fiveSeconds], /Name one recording; 0 are named/],
  [
    [zigzag, '--params', fiveSeconds, '--knobs', 'age=2s'],
    /"age=2s" sets no knob; those here are cold-age/,
  ],
  [[zigzag, '--params', fiveSeconds, '--knobs', 'cold-age=soon'], /--cold-age is "soon"/],
  [[zigzag, '--policy', 'stat', '--sweep'], /stat has no knob to sweep/],
])('%j is wrong usage', async (args, sentence) => {
  const { stderr, status } = await run(...args);
  expect(stderr).toMatch(sentence);
  expect(status).toBe(2);
});
