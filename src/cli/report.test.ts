/** Reports on recordings that damo made, against what damo says of them. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';
import { Command } from 'commander';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { intervals, seriesItem, snapshotItem } from '../../test/hand-made-recording.ts';
import { testFacts, testRecord } from '../../test/records/reading.ts';
import { TcrWriter } from '../record/tcr-writer.ts';
import { nodeCodec } from './record-files.ts';
import { register } from './report.ts';

const noOrigin = {
  format: 'tcr',
  host: null,
  kernelRelease: null,
  source: null,
  params: null,
} as const;

const folder = mkdtempSync(join(tmpdir(), 'thermocline-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string) =>
  fileURLToPath(new URL(`../../test/records/${name}`, import.meta.url));
const full = file('damon.data');
const plain = file('damon.data.snapshot.nofilter');
const anon = file('damon.data.snapshot.anon');
const script = join(folder, 'perf.data.script');
writeFileSync(script, testRecord('perf.data.script.gz'));

/** What `thermocline report …` prints. */
async function report(...args: string[]): Promise<string> {
  const program = new Command().exitOverride();
  register(program);
  let text = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((piece) => {
    text += piece;
    return true;
  });
  try {
    await program.parseAsync(['report', ...args], { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return text;
}

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, which the tests know
const json = async (...args: string[]): Promise<any> => JSON.parse(await report(...args, '--json'));

const listOf = (percentiles: object) => ['--percentiles', Object.keys(percentiles).join(',')];

interface WssFacts {
  readonly nr_values: number;
  readonly average_bytes: number;
  readonly percentile_bytes: Record<string, number>;
}

describe('report wss', () => {
  const facts = testFacts('wss');
  test.each([
    ['wss', full, ['--skip', '20']],
    ['wss_worktime_1s', full, ['--skip', '20', '--work-time', '1s']],
    ['wss_default', full, ['--like-damo']],
    ['wss_sortby_time', full, ['--sort', 'time', '--skip', '20']],
    ['wss_acc_thres_10', full, ['--min-samples', '10', '--like-damo']],
    ['wss_perf_script', script, ['--skip', '20']],
  ])('has the figures of %s', async (name, recording, flags) => {
    const fact = facts[name] as WssFacts;
    expect(await json('wss', recording, ...flags, ...listOf(fact.percentile_bytes))).toEqual({
      kind: 'wss',
      snapshots: fact.nr_values,
      averageBytes: fact.average_bytes,
      percentiles: fact.percentile_bytes,
    });
  });

  test('skips nothing unless it is told', async () => {
    expect(await json('wss', full)).toMatchObject({ snapshots: 543 });
    expect(await json('wss', full, '--like-damo', '--skip', '5')).toMatchObject({ snapshots: 538 });
  });

  test('tells it over time', async () => {
    const { overTime } = await json('wss', full, '--skip', '20', '--over-time');
    const bytes = overTime.map((moment: { bytes: number }) => moment.bytes);
    expect(bytes).toEqual(facts['chronological_wss_bytes_damon.data_exclude20']);
    expect(overTime.at(-1).endNs).toBe(testFacts('heats_guide').time_ns[1]);
  });

  test('draws it', async () => {
    const text = await report('wss', full);
    expect(text).toContain('working set: 107.8 MiB on average\n543 moments');
    expect(text).toContain('        50     95.4 MiB\n');
    const svg = join(folder, 'wss.svg');
    await report('wss', full, '--svg', svg);
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg [\s\S]*<polyline [\s\S]*<\/svg>\n$/);
    expect(statSync(svg).mode & 0o777).toBe(0o600);
  });

  test('counts what the filters leave', async () => {
    const all = await json('wss', full);
    const heap = await json('wss', full, '--address', '0', '0x600000000000');
    const rest = await json('wss', full, '--address', '105553116266496', 'max');
    expect(heap.averageBytes + rest.averageBytes).toBeCloseTo(all.averageBytes, -1);
    const early = await json('wss', '--time', '0s', '5s', full);
    expect(early.snapshots).toBe(48);
  });

  test.each([
    [['--skip', '600'], /has none left: --skip 600/],
    [['--target', '5'], /has no target 5; its targets are 18446623438842320000\./],
    [['--percentiles', '0,101'], /--percentiles has "101"/],
    [['--rate', '5%', '100%'], /doesn't tell its intervals/],
    [['--address', '5'], /--address takes two values/],
    [['another'], /Name one recording; 2 are named/],
  ])('says what is wrong with %j', async (flags, sentence) => {
    await expect(json('wss', full, ...flags)).rejects.toThrow(sentence);
  });
});

test('report regions counts as damo does', async () => {
  const facts = testFacts('nr_regions');
  expect(await json('regions', full, '--skip', '20', ...listOf(facts.percentiles))).toEqual({
    kind: 'regions',
    snapshots: 523,
    average: facts.average,
    percentiles: facts.percentiles,
  });
  expect(await report('regions', full)).toContain('regions: 18.0 on average');
});

describe('report info', () => {
  test('tells the guide of heat maps', async () => {
    const guide = testFacts('heats_guide');
    const info = await json('info', full);
    expect(info).toMatchObject({ kind: 'info', format: 'damo-json-compressed', attrs: null });
    expect(info).toMatchObject({ snapshots: 543, regions: 9773 });
    expect([info.timeRange.startNs, info.timeRange.endNs]).toEqual(guide.time_ns);
    const areas = info.areas.map((area: { start: number; end: number }) => [area.start, area.end]);
    expect(areas).toEqual(guide.regions);
    expect(info.targets).toMatchObject([{ id: guide.target_id, leastRegions: 7, mostRegions: 21 }]);
  });

  test('reaches back to what the ages of the first snapshot tell', async () => {
    const info = await json('info', plain);
    expect(info.timeRange).toEqual({
      startNs: String(1745091985773302272n - 66_481n * 100_000_000n),
      endNs: '1745091985873302272',
    });
    expect(info.attrs).toMatchObject({ sampleIntervalUs: 5000, aggregationIntervalUs: 100_000 });
    expect(await report('info', anon)).toContain('sampled every 150 ms, aggregated every 3 s');
  });
});

interface PrintedSnapshot {
  readonly startNs: number;
  readonly endNs: number;
  readonly targets: readonly { readonly id: string; readonly regions: readonly PrintedRegion[] }[];
}

interface PrintedRegion {
  readonly start: number;
  readonly end: number;
  readonly nrAccesses: number;
  readonly age: number | null;
  readonly filterPassedBytes: number | null;
}

describe('report snapshot', () => {
  test.each([
    ['raw', full],
    ['raw_perf_script', script],
  ])('prints all regions of %s', async (name, recording) => {
    const facts = testFacts(name);
    const { snapshots } = (await json('snapshot', recording)) as {
      snapshots: readonly PrintedSnapshot[];
    };
    const base = BigInt(Math.round(facts.base_time_ns));
    const times = snapshots.map(({ startNs, endNs }) => [
      Number(BigInt(startNs) - base),
      Number(BigInt(endNs) - base),
    ]);
    expect(times).toHaveLength(facts.snapshot_times_rel_ns.length);
    for (const [index, time] of times.entries()) {
      const fact = facts.snapshot_times_rel_ns[index];
      expect(Math.abs(time[0]! - fact[0]) + Math.abs(time[1]! - fact[1])).toBeLessThan(2);
    }
    const hash = createHash('sha256');
    for (const { targets } of snapshots) {
      expect(targets.map(({ id }) => id)).toEqual([facts.target_id]);
      const { regions } = targets[0]!;
      hash.update(`S ${regions.length}\n`);
      for (const { start, end, nrAccesses, age } of regions) {
        hash.update(`${start} ${end} ${nrAccesses} ${age ?? -1}\n`);
      }
    }
    expect(hash.digest('hex')).toBe(facts.canonical_sha256);
  });

  test('prints ages and passed bytes, and times beyond 2^53 as text', async () => {
    const { snapshots } = await json('snapshot', plain);
    const [{ startNs, targets }] = snapshots;
    expect([startNs, targets[0].id]).toEqual(['1745091985773302272', null]);
    expect(
      targets[0].regions.map((region: PrintedRegion) => [
        ...[region.start, region.end, region.nrAccesses, region.age, region.filterPassedBytes],
      ]),
    ).toEqual(testFacts('snapshot_nofilter').regions);
  });

  test('sorts, limits and sums what is left', async () => {
    const text = await report(
      ...['snapshot', plain, '--sort', 'temperature', '--limit', '2'],
      ...['--rate', '50%', '100%', '--age', '2s', 'max', '--size', 'min', '64K'],
    );
    expect(text).toContain('all targets: 10 regions, 2 shown, 172 KiB accessed of 172 KiB\n');
    expect(text).toContain('0x15769d000  44 KiB     100 %  2.9 s  290,010,000     0 B\n');
  });
});

describe('reports of idle time and temperature', () => {
  const facts = testFacts('snapshot_nofilter');
  const percentiles = (rows: readonly [number, number][]) => Object.fromEntries(rows);
  const histogram = (rows: readonly [[number, number], number][]) =>
    rows.map(([[from, to], bytes]) => ({ from, to, bytes }));

  test.each([[[]], [['--like-damo']]])('have the figures of damo with %j', async (flags) => {
    expect(await json('idle', plain, ...flags)).toEqual({
      kind: 'idle',
      unit: 'us',
      percentiles: percentiles(facts['recency-percentiles'].total),
      histogram: histogram(facts['recency-sz-hist'].total),
      bandwidthBytesPerSecond: facts.memory_bw_bytes_per_sec,
    });
    expect(await json('temperature', plain, ...flags, '--histogram', '10')).toEqual({
      kind: 'temperature',
      unit: 'score',
      percentiles: percentiles(facts['temperature-percentiles'].total),
      histogram: histogram(facts['temperature-sz-hist'].total),
      bandwidthBytesPerSecond: facts.memory_bw_bytes_per_sec,
    });
    const all = percentiles(facts.recency_percentiles_0_100.total);
    expect((await json('idle', plain, ...flags, ...listOf(all))).percentiles).toEqual(all);
  });

  test('can weigh by the bytes that passed filters', async () => {
    const bySize = await json('idle', anon);
    const byPassed = await json('idle', anon, '--weighted-by', 'passed');
    const total = (printed: { histogram: { bytes: number }[] }) =>
      printed.histogram.reduce((sum, { bytes }) => sum + bytes, 0);
    const { snapshots } = await json('snapshot', anon);
    const { regions } = snapshots[0].targets[0] as { regions: Required<PrintedRegion>[] };
    const passed = regions.reduce((sum, { filterPassedBytes }) => sum + filterPassedBytes!, 0);
    const size = regions.reduce((sum, { start, end }) => sum + end - start, 0);
    expect([total(bySize), total(byPassed)]).toEqual([size, passed]);
    expect(passed).toBeLessThan(size);
  });

  test('draw bars', async () => {
    const text = await report('idle', plain);
    expect(text).toContain('idle: 59.9 GiB in 132 regions');
    expect(text).toMatch(/99\.7 m {2}110\.8 m {2}25\.3 GiB {2}42\.2 % {2}█+\n/);
  });

  test('need ages', async () => {
    await expect(report('idle', full)).rejects.toThrow("doesn't tell its intervals");
  });
});

describe('report heatmap', () => {
  const guide = testFacts('heats_guide');

  test('is of all of the time and of the hottest area by itself', async () => {
    const map = await json('heatmap', full, '--time-cells', '7', '--address-cells', '3');
    const [start, end] = guide.regions[1];
    expect(map).toMatchObject({
      kind: 'heatmap',
      unit: 'samples',
      start: { timeNs: guide.time_ns[0], address: start },
      timeUnitNs: Math.floor((guide.time_ns[1] - guide.time_ns[0]) / 7),
      addressUnitBytes: Math.floor((end - start) / 3),
    });
    expect(map.cells.map((row: number[]) => row.length)).toEqual([3, 3, 3, 3, 3, 3, 3]);
    expect(map.cells.flat().every((cell: number) => cell >= 0 && cell <= 21)).toBe(true);
  });

  test('zooms', async () => {
    const at = ['--time-range', '549809434100', '550809434100'];
    const where = ['--address-range', '0x7f9381923000', '140271560761472'];
    const cells = ['--time-cells', '1', '--address-cells', '1'];
    const map = await json('heatmap', ...at, ...where, full, ...cells);
    expect(map.start).toEqual({ timeNs: 549809434100, address: 140271510761472 });
    expect([map.timeUnitNs, map.addressUnitBytes]).toEqual([1e9, 50_000_000]);
    const relative = ['--time-range', '10s', '11s'];
    expect(await json('heatmap', full, ...relative, ...where, ...cells)).toEqual(map);
  });

  test('is in hz where intervals are known, and never hotter than all samples', async () => {
    const map = await json('heatmap', plain);
    expect(map.unit).toBe('hz');
    const cells = map.cells.flat().filter((cell: number | null) => cell !== null);
    expect(Math.max(...cells)).toBeLessThanOrEqual(200);
  });

  test('draws all areas without the gaps between them', async () => {
    const flags = ['--all-areas', '--time-cells', '40', '--address-cells', '12'];
    const lines = (await report('heatmap', full, ...flags)).split('\n');
    expect(lines[0]).toContain('heat map: target 18446623438842320000, 229.1 MiB');
    expect(lines.filter((line) => line.startsWith('0x')).length).toBeGreaterThan(2);
    expect(lines.slice(1, 13).every((line) => line.length <= 62)).toBe(true);
    expect(lines[14]).toBe('0 .-=++***##%%%%@@ 20.8 samples');
    const svg = join(folder, 'heat.svg');
    await report('heatmap', full, '--svg', svg, '--time-cells', '20', '--address-cells', '10');
    expect(readFileSync(svg, 'utf8')).toMatch(/<rect x="150" y="[\d.]+" [^>]*fill="rgb/);
  });
});

describe('other reports', () => {
  test('times tells when a pattern was seen', async () => {
    const all = await json('times', full);
    expect(all.times).toEqual([{ startNs: 539809434100, endNs: 596606618651 }]);
    const none = await json('times', full, '--size', '1G', 'max');
    expect(none).toEqual({ kind: 'times', times: [] });
    const young = await json('times', plain, '--age', '1h', 'max', '--rate', '1%', 'max');
    expect(young.times).toEqual([]);
  });

  test('diff finds nothing between a recording and itself', async () => {
    const { unit, ranges } = await json('diff', full, full);
    expect(unit).toBe('samples');
    for (const { before, after } of ranges) expect(after).toBe(before);
    await expect(report('diff', full, plain)).rejects.toThrow('no addresses in common');
  });

  test('diff finds what became hotter', async () => {
    const write = (name: string, samples: readonly number[]) => {
      const regions = samples.map((count, index) => ({
        start: String(index * 65536),
        end: String((index + 1) * 65536),
        nr_accesses: { samples: count, percent: null },
        age: { usec: null, aggr_intervals: '0' },
      }));
      const snapshots = [{ start_time: '0', end_time: '100 ms', regions }];
      const path = join(folder, name);
      const text = JSON.stringify([{ target_id: 0, intervals: null, snapshots }]);
      writeFileSync(path, deflateSync(text));
      return path;
    };
    const before = write('before', [0, 10, 10, 3]);
    const after = write('after', [20, 0, 10, 3]);
    expect(await json('diff', before, after)).toEqual({
      kind: 'diff',
      unit: 'samples',
      ranges: [
        { start: 0, end: 65536, before: 0, after: 20 },
        { start: 65536, end: 131072, before: 10, after: 0 },
        { start: 131072, end: 196608, before: 10, after: 10 },
        { start: 196608, end: 262144, before: 3, after: 3 },
      ],
    });
    const text = await report('diff', before, after);
    expect(text).toContain('hotter: 64 KiB, colder: 64 KiB');
    expect(text).toMatch(/0x0 {2}64 KiB {7}0 {5}20 {2}hotter/);
  });

  test('holistic puts all on one page', async () => {
    const page = await report('holistic', plain);
    for (const part of ['heat map', 'working set', 'idle', 'temperature']) {
      expect(page).toContain(`\n${part}`);
    }
    expect(await report('holistic', full)).toContain('no idle times and temperatures');
  });

  test('footprint and names come from what was recorded beside the regions', async () => {
    const path = join(folder, 'named.tcr');
    const footprint = (timeNs: bigint, residentBytes: number) => ({
      kind: 'footprint' as const,
      footprint: { timeNs, pid: 5, virtualBytes: 9 * 4096, residentBytes },
    });
    const mapping = (start: number, end: number, name: string) => ({
      kind: 'mapping' as const,
      mapping: { timeNs: 1n, pid: 5, start, end, name },
    });
    const writer = new TcrWriter(nodeCodec);
    const pieces = [
      { kind: 'origin' as const, origin: { ...noOrigin, host: 'here' } },
      seriesItem(0, { pid: 5, intervals: intervals(5000, 100_000) }),
      snapshotItem(0, 100, [
        [0, 8192, 20, 1],
        [8192, 16384, 0, 1],
      ]),
      ...[footprint(1n, 4096), footprint(2n, 8192)],
      ...[mapping(0, 12288, '[heap]'), mapping(12288, 16384, '')],
    ].flatMap((item) => [...writer.add(item)]);
    writeFileSync(path, Buffer.concat([...pieces, ...writer.end()]));
    expect(await json('footprint', path, '--percentiles', '0,100')).toEqual({
      kind: 'footprint',
      processes: [
        {
          ...{ pid: 5, samples: 2 },
          residentBytes: { average: 6144, percentiles: { '0': 4096, '100': 8192 } },
          virtualBytes: { average: 36864, percentiles: { '0': 36864, '100': 36864 } },
        },
      ],
    });
    const text = (await report('snapshot', path)).replaceAll(/ +/g, ' ');
    expect(text).toContain(' 0x0 8 KiB 100 % 100 ms 10,010,000 [heap]\n');
    expect(await report('info', path)).toContain('recorded on here\n1 snapshot, 2 regions');
    expect(await report('heatmap', path)).toMatch(/\n\[heap\] +@/);
  });

  test('footprint says that none were recorded', async () => {
    await expect(report('footprint', full)).rejects.toThrow('holds no footprints');
  });
});
