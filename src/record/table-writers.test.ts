import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { allBytes, itemsOf, textOfSource } from '../../test/records/reading.ts';
import { writeCsv } from './csv-writer.ts';
import { writeParquet } from './parquet-writer.ts';
import type { RecordItem } from './recording.ts';

const bootClock = 5_000_000_000n;
const epoch = 1_748_191_726_781_395_200n;

function snapshot(startNs: bigint, hasAll: boolean): RecordItem {
  return {
    kind: 'snapshot',
    snapshot: {
      ...{ seriesIndex: 0, startNs, endNs: startNs + 100_000_000n, nrRegions: 2 },
      ...{ sampleIntervalUs: hasAll ? 5000 : null, aggregationIntervalUs: null },
      start: Float64Array.of(4096, 2 ** 47, 99),
      end: Float64Array.of(8192, 2 ** 63, 99),
      nrAccesses: Uint32Array.of(3, 2 ** 32 - 1, 99),
      age: Float64Array.of(7, -1, 99),
      filterPassedBytes: hasAll ? Float64Array.of(512, 0, 99) : null,
      probeHits: hasAll ? Uint32Array.of(1, 2, 3, 4, 5, 6, 7, 8) : null,
      schemeStats: null,
    },
  };
}

const items: RecordItem[] = [
  {
    kind: 'series',
    index: 0,
    series: {
      ...{ kdamondIndex: 0, contextIndex: null, schemeIndex: null, pid: 42 },
      ...{ targetId: '18446623438842320000', intervals: null, filters: [] },
    },
  },
  snapshot(bootClock, false),
  snapshot(epoch, true),
];

test('CSV', async () => {
  const text = await textOfSource(writeCsv(itemsOf(items)()));
  const [header, ...lines] = text.trimEnd().split('\n');
  expect(header!.split(',')).toHaveLength(19);
  const head = '0,0,,,18446623438842320000,42';
  expect(lines).toEqual([
    `${head},5000000000,5100000000,,,4096,8192,3,7,,,,,`,
    `${head},5000000000,5100000000,,,140737488355328,9223372036854775808,4294967295,,,,,,`,
    `${head},1748191726781395200,1748191726881395200,5000,,4096,8192,3,7,512,1,2,3,4`,
    `${head},1748191726781395200,1748191726881395200,5000,,140737488355328,` +
      '9223372036854775808,4294967295,,0,5,6,7,8',
  ]);
});

describe('Parquet', () => {
  test('has a row for each region', async () => {
    const file = (await allBytes(writeParquet(itemsOf(items)()))).slice().buffer as ArrayBuffer;
    const rows = await parquetReadObjects({ file });
    expect(rows).toHaveLength(4);
    expect(rows[0]).toEqual({
      ...{ series: 0, kdamond: 0, context: null, scheme: null, pid: 42 },
      ...{ target_id: '18446623438842320000', time: null },
      ...{ start_ns: 5_000_000_000n, end_ns: 5_100_000_000n },
      ...{ sample_interval_us: null, aggregation_interval_us: null },
      ...{ start: 4096n, end: 8192n, nr_accesses: 3n, age: 7n, filter_passed_bytes: null },
      ...{ probe_hits_0: null, probe_hits_1: null, probe_hits_2: null, probe_hits_3: null },
    });
    expect(rows[3]).toMatchObject({
      ...{ time: new Date(1_748_191_726_881), sample_interval_us: 5000 },
      ...{ end: -(2n ** 63n), nr_accesses: 4294967295n, age: null, filter_passed_bytes: 0n },
      ...{ probe_hits_0: 5n, probe_hits_3: 8n },
    });
  });

  test('has groups of 65,536 rows, and a file without rows is one too', async () => {
    const rows = await allBytes(
      writeParquet(itemsOf([items[0]!, ...Array(40_000).fill(items[1])])()),
    );
    const metadata = parquetMetadata(rows.slice().buffer as ArrayBuffer);
    expect(metadata.row_groups.map(({ num_rows }) => num_rows)).toEqual([65_536n, 14_464n]);
    const none = await allBytes(writeParquet(itemsOf([items[0]!])()));
    expect(await parquetReadObjects({ file: none.slice().buffer as ArrayBuffer })).toEqual([]);
  });
});
