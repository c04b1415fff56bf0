/**
 * A recording like DAMON's of any length: N snapshots of M regions, of which 5 % of the bounds and
 * 8 % of the rates change from one snapshot to the next. The same numbers give the same bytes, and
 * memory does not grow with N.
 *
 *     node bench/record-generator.ts SNAPSHOTS REGIONS FILE     damo's json_compressed
 */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createDeflate } from 'node:zlib';
import { KernelRandom } from '../src/base/random.ts';
import { writeDamoJson } from '../src/record/damo-json-writer.ts';
import type { ItemSource, RecordItem, Series, SeriesSnapshot } from '../src/record/recording.ts';

const PAGE_BYTES = 4096;
const PAGES_PER_REGION = 256;
const AGGREGATION_NS = 100_000_000n;
const MAX_NR_ACCESSES = 20;
const FIRST_START = 0x5500_0000_0000;

const SERIES: Series = {
  kdamondIndex: 0,
  contextIndex: 0,
  schemeIndex: null,
  targetId: '0',
  pid: null,
  intervals: {
    sampleIntervalUs: 5000,
    aggregationIntervalUs: 100_000,
    operationsUpdateIntervalUs: 1_000_000,
    goal: null,
  },
  filters: [],
};

/** The items of such a recording. */
export async function* generateRecording(
  nrSnapshots: number,
  nrRegions: number,
  seed = 1,
): ItemSource {
  yield [
    {
      kind: 'origin',
      origin: {
        ...{ format: 'damo-json-compressed', host: null, kernelRelease: null },
        ...{ source: null, params: null },
      },
    },
    { kind: 'series', index: 0, series: SERIES },
  ];
  const random = new KernelRandom(seed);
  const regions = firstRegions(nrRegions, random);
  for (let index = 0; index < nrSnapshots; index++) {
    if (index > 0) age(regions, random);
    yield [snapshotOf(regions, index)];
  }
}

type Regions = Pick<SeriesSnapshot, 'nrRegions' | 'start' | 'end' | 'nrAccesses' | 'age'>;

function firstRegions(nrRegions: number, random: KernelRandom): Regions {
  const start = new Float64Array(nrRegions);
  const end = new Float64Array(nrRegions);
  const nrAccesses = new Uint32Array(nrRegions);
  for (let row = 0; row < nrRegions; row++) {
    start[row] = FIRST_START + row * PAGES_PER_REGION * PAGE_BYTES;
    end[row] = start[row]! + PAGES_PER_REGION * PAGE_BYTES;
    if (random.between(0, 4) === 0) nrAccesses[row] = random.between(1, MAX_NR_ACCESSES + 1);
  }
  return { nrRegions, start, end, nrAccesses, age: new Float64Array(nrRegions) };
}

/** One aggregation interval later. */
function age({ nrRegions, start, end, nrAccesses, age }: Regions, random: KernelRandom): void {
  for (let row = 0; row < nrRegions; row++) {
    age[row]! += 1;
    if (row > 0 && random.between(0, 100) < 5) {
      // The bound lies anywhere in the middle half of where it can lie.
      const middle = FIRST_START + row * PAGES_PER_REGION * PAGE_BYTES;
      const shift = random.between(-PAGES_PER_REGION / 4, PAGES_PER_REGION / 4) * PAGE_BYTES;
      start[row] = middle + shift;
      end[row - 1] = middle + shift;
      age[row] = 0;
    }
    if (random.between(0, 100) < 8) {
      nrAccesses[row] = random.between(0, MAX_NR_ACCESSES + 1);
      age[row] = 0;
    }
  }
}

function snapshotOf(regions: Regions, index: number): RecordItem {
  const startNs = BigInt(index) * AGGREGATION_NS;
  return {
    kind: 'snapshot',
    snapshot: {
      ...regions,
      ...{ seriesIndex: 0, startNs, endNs: startNs + AGGREGATION_NS },
      ...{ sampleIntervalUs: 5000, aggregationIntervalUs: 100_000 },
      ...{ filterPassedBytes: null, probeHits: null, schemeStats: null },
    },
  };
}

/** Writes such a recording as damo's json_compressed. */
export async function writeGenerated(
  file: string,
  nrSnapshots: number,
  nrRegions: number,
): Promise<void> {
  const text = writeDamoJson(() => generateRecording(nrSnapshots, nrRegions));
  await pipeline(Readable.from(text), createDeflate(), createWriteStream(file));
}

if (import.meta.main) {
  const [nrSnapshots, nrRegions, file] = process.argv.slice(2);
  if (!file) throw new Error('SNAPSHOTS, REGIONS and a FILE are needed');
  await writeGenerated(file, Number(nrSnapshots), Number(nrRegions));
}
