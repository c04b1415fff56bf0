/** Recordings that damo made, and the figures that it printed of them. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  allItems,
  allSnapshots,
  allWarnings,
  bytesOf,
  type PlainSnapshot,
  testCodec,
  testFacts,
  testRecord,
} from '../../test/records/reading.ts';
import { readRecording } from './open.ts';

/** The digest that the facts hold of all regions. */
function digest(snapshots: readonly PlainSnapshot[]): string {
  const hash = createHash('sha256');
  for (const { nrRegions, start, end, nrAccesses, age } of snapshots) {
    hash.update(`S ${nrRegions}\n`);
    for (let row = 0; row < nrRegions; row++) {
      hash.update(`${start[row]} ${end[row]} ${nrAccesses[row]} ${age[row]}\n`);
    }
  }
  return hash.digest('hex');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

describe.each([
  ['damon.data', 'raw', 0],
  ['perf.data.script.gz', 'raw_perf_script', 0.5],
])('%s', (file, factsName, toleranceNs) => {
  const facts = testFacts(factsName);
  const read = (pieceBytes?: number) =>
    readRecording(bytesOf(testRecord(file), pieceBytes), testCodec);

  test('has the regions that damo prints', async () => {
    const snapshots = await allSnapshots(read());
    expect(digest(snapshots)).toBe(facts.canonical_sha256);
    expect(snapshots).toHaveLength(facts.nr_snapshots);
    expect(sum(snapshots.map(({ nrRegions }) => nrRegions))).toBe(facts.total_regions);
    expect(sum(snapshots.flatMap(({ nrAccesses }) => nrAccesses))).toBe(facts.sum_nr_accesses);
    const perSnapshot = snapshots.map(({ nrRegions, start, end, nrAccesses }) => {
      const sizes = start.map((from, row) => end[row]! - from);
      return {
        nr_regions: nrRegions,
        bytes: sum(sizes),
        accessed_bytes: sum(sizes.filter((_, row) => nrAccesses[row]! > 0)),
        sum_nr_accesses: sum([...nrAccesses]),
      };
    });
    expect(perSnapshot).toEqual(facts.per_snapshot);
  });

  test('has the times that damo prints', async () => {
    const snapshots = await allSnapshots(read());
    // damo's times of traces have fractions of nanoseconds, ours are whole.
    const wrong = snapshots.filter(({ startNs, endNs }, index) => {
      const [start, end] = facts.snapshot_times_rel_ns[index];
      const isStart = Math.abs(facts.base_time_ns + start - Number(startNs)) <= toleranceNs;
      return !isStart || Math.abs(facts.base_time_ns + end - Number(endNs)) > toleranceNs;
    });
    expect(wrong).toEqual([]);
    expect(Number(snapshots.at(-1)!.endNs)).toBe(facts.last_end_time_ns);
  });

  test('is one series of the target, and nothing is missing', async () => {
    const items = (await allItems(read())) as { kind: string; series: unknown }[];
    const series = items.filter(({ kind }) => kind === 'series');
    expect(series).toMatchObject([{ index: 0, series: { targetId: facts.target_id } }]);
    expect(items.map(({ kind }) => kind).slice(0, 3)).toEqual(['origin', 'series', 'snapshot']);
    expect(await allWarnings(read())).toEqual([]);
  });

  test('is the same in pieces of any size', async () => {
    const whole = await allItems(read());
    for (const pieceBytes of [13, 65_537]) {
      expect(await allItems(read(pieceBytes))).toEqual(whole);
    }
  });
});

describe('damon.data.snapshot.nofilter', () => {
  const read = () => readRecording(bytesOf(testRecord('damon.data.snapshot.nofilter')), testCodec);
  const facts = testFacts('snapshot_nofilter');

  test('has the regions that damo prints', async () => {
    const [snapshot, ...others] = await allSnapshots(read());
    expect(others).toEqual([]);
    const { start, end, nrAccesses, age, filterPassedBytes } = snapshot!;
    const rows = start.map((from, row) => [
      ...[from, end[row], nrAccesses[row], age[row], filterPassedBytes![row]],
    ]);
    expect(rows).toEqual(facts.regions);
    expect(snapshot).toMatchObject({
      startNs: 1745091985773302272n,
      endNs: 1745091985873302272n,
      sampleIntervalUs: facts.sample_us,
      aggregationIntervalUs: facts.aggr_us,
      schemeStats: { nr_tried: 0n, qt_exceeds: 0n },
    });
  });

  test('is of a scheme, with its intervals', async () => {
    expect((await allItems(read()))[1]).toEqual({
      kind: 'series',
      index: 0,
      series: {
        ...{ kdamondIndex: 0, contextIndex: 0, schemeIndex: 0, targetId: null, pid: null },
        intervals: {
          sampleIntervalUs: 5000,
          aggregationIntervalUs: 100_000,
          operationsUpdateIntervalUs: 1_000_000,
          goal: null,
        },
        filters: [],
      },
    });
  });
});

test('damon.data.snapshot.anon has sizes that passed the filter, and tuned intervals', async () => {
  const read = () => readRecording(bytesOf(testRecord('damon.data.snapshot.anon')), testCodec);
  const [snapshot] = await allSnapshots(read());
  expect(snapshot!.filterPassedBytes!.slice(0, 2)).toEqual([149_974_679, 367_718_825]);
  expect(snapshot).toMatchObject({ sampleIntervalUs: null, aggregationIntervalUs: null });
  expect((await allItems(read()))[1]).toMatchObject({
    series: {
      intervals: {
        sampleIntervalUs: 150_000,
        aggregationIntervalUs: 3_000_000,
        goal: { accessBp: 400, aggregations: 1, minSampleIntervalUs: 5000 },
      },
      filters: [{ filter_type: 'anon', matching: true, allow: true }],
    },
  });
});
