import { describe, expect, test } from 'vitest';
import type { Scenario } from '../../host/sim/index.ts';
import { parseScenario } from '../../host/sim/index.ts';
import { VirtualMonitor } from '../../monitor/virtual-monitor.ts';
import type { Snapshot } from '../../params/snapshot.ts';
import type { RecordItem, RecordingOrigin } from '../../record/recording.ts';
import { readTcr } from '../../record/tcr-reader.ts';
import { Interruption } from '../interruption.ts';
import { nodeCodec } from '../record-files.ts';
import { scenarioParams } from '../watch/params.ts';
import { type MemoryReader, simulatedMemory } from './memory.ts';
import { RecordOutput, type RecordOutputOptions } from './record-output.ts';
import { Recorder, type RecorderOptions } from './recorder.ts';
import { runRecord } from './run.ts';

const scenario: Scenario = parseScenario(
  `seed: 7
durationMs: 10 s
nodes:
  - sizeBytes: 1 GiB
processes:
  - name: fish
    vmas: [{ name: data, sizeBytes: 64 MiB }]
    accesses: [{ vma: data, pattern: uniform, ratePerSecond: 50, to: 0.25 }]
`,
  'lake.yaml',
);
const origin: RecordingOrigin = {
  format: 'tcr',
  host: null,
  kernelRelease: null,
  source: 'engine sim',
  params: null,
};
const NO_MEMORY: MemoryReader = { use: () => [], mappings: () => [] };

/** Files in memory. The disk is full once `room` bytes are written. */
class FakeDisk {
  readonly files = new Map<string, Buffer>();
  #room: number;

  constructor(room = Number.POSITIVE_INFINITY) {
    this.#room = room;
  }

  readonly create = async (path: string) => {
    this.files.set(path, Buffer.alloc(0));
    return {
      append: async (bytes: Uint8Array) => {
        const fitting = bytes.subarray(0, this.#room);
        this.files.set(path, Buffer.concat([this.files.get(path)!, fitting]));
        this.#room -= fitting.length;
        if (fitting.length < bytes.length) {
          throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        }
      },
      truncate: async (length: number) => {
        this.files.set(path, this.files.get(path)!.subarray(0, length));
      },
      close: async () => {},
    };
  };
}

interface Result {
  readonly status: number;
  readonly disk: FakeDisk;
  readonly said: string;
}

/** Records the simulated machine for a while. */
async function recordLake(
  disk: FakeDisk,
  durationUs: number,
  more: Partial<RecordOutputOptions & RecorderOptions> = {},
): Promise<Result> {
  const params = scenarioParams(scenario, undefined);
  using interruption = new Interruption();
  await using monitor = new VirtualMonitor({ scenario, params });
  await monitor.start();
  const { machine } = monitor.simulation;
  const output = new RecordOutput({
    path: 'lake.tcr',
    overwrite: false,
    origin,
    rotateBytes: null,
    rotateNs: null,
    create: disk.create,
    ...more,
  });
  const recorder = new Recorder({
    attrs: params.attrs,
    pageFilters: [],
    stats: () => monitor.stats(),
    memory: simulatedMemory(machine),
    footprintEveryNs: null,
    mappingsEveryNs: null,
    ...more,
  });
  let said = '';
  const status = await runRecord({
    subject: 'lake',
    monitor,
    recorder,
    output,
    interruption,
    child: null,
    session: null,
    forUs: null,
    virtual: { monitor, durationUs },
    terminal: {
      isTTY: false,
      write: (text) => {
        said += text;
      },
    },
  });
  return { status, disk, said };
}

async function read(bytes: Uint8Array): Promise<RecordItem[]> {
  const source = (async function* () {
    yield bytes;
  })();
  const items: RecordItem[] = [];
  for await (const batch of readTcr(source, nodeCodec)) items.push(...batch);
  return items;
}

function ofKind<Kind extends RecordItem['kind']>(items: readonly RecordItem[], kind: Kind) {
  return items.filter((item) => item.kind === kind) as Extract<RecordItem, { kind: Kind }>[];
}

describe('a recording of simulated time', () => {
  test('holds each window, one behind the other, and ends with the reason', async () => {
    const { status, disk, said } = await recordLake(new FakeDisk(), 3_000_000);
    expect(status).toBe(0);
    expect(said).toMatch(
      /^The simulated time is up\. Recorded 0:03, 30 snapshots, .* lake\.tcr\.\n$/,
    );
    const items = await read(disk.files.get('lake.tcr')!);
    expect(items[0]).toEqual({ kind: 'origin', origin });
    expect(ofKind(items, 'series').map(({ series }) => series.pid)).toEqual([1000]);
    const times = ofKind(items, 'snapshot').map(({ snapshot }) => [
      snapshot.startNs,
      snapshot.endNs,
    ]);
    expect(times).toEqual(
      Array.from({ length: 30 }, (_, i) => [
        BigInt(i) * 100_000_000n,
        BigInt(i + 1) * 100_000_000n,
      ]),
    );
    expect(items.at(-1)).toEqual({
      kind: 'event',
      timeNs: 3_000_000_000n,
      text: 'The simulated time is up.',
    });
    expect(ofKind(items, 'warning')).toEqual([]);
  });

  test('has the same bytes each time', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => recordLake(new FakeDisk(), 2_000_000)));
    expect(one!.disk.files.get('lake.tcr')).toEqual(two!.disk.files.get('lake.tcr'));
  });

  test('tells memory when asked, and a list of mappings only when it is new', async () => {
    const everyNs = 1_000_000_000n;
    const more = { footprintEveryNs: everyNs, mappingsEveryNs: everyNs };
    const { disk } = await recordLake(new FakeDisk(), 3_000_000, more);
    const items = await read(disk.files.get('lake.tcr')!);
    const footprints = ofKind(items, 'footprint').map(({ footprint }) => footprint);
    expect(footprints.map(({ timeNs, pid }) => [timeNs, pid])).toEqual(
      [1n, 11n, 21n].flatMap((tenths) => [
        [tenths * 100_000_000n, null],
        [tenths * 100_000_000n, 1000],
      ]),
    );
    expect(footprints[0]!.virtualBytes).toBe(2 ** 30);
    const names = ofKind(items, 'mapping').map(({ mapping }) => mapping.name);
    expect(names.filter((name) => name === 'data')).toHaveLength(1);
  });
});

describe('several files', () => {
  test('follow one another by time or size, each whole, and lose no snapshot', async () => {
    for (const more of [{ rotateNs: 1_000_000_000n }, { rotateBytes: 1000 }]) {
      const { disk, said } = await recordLake(new FakeDisk(), 5_000_000, {
        ...more,
        mappingsEveryNs: 100_000_000n,
      });
      const names = [...disk.files.keys()];
      expect(names.length).toBeGreaterThan(2);
      expect(names.slice(0, 2)).toEqual(['lake.0001.tcr', 'lake.0002.tcr']);
      expect(said).toContain(`${names.length} files, the last of them ${names.at(-1)}`);
      const ends: bigint[] = [];
      for (const bytes of disk.files.values()) {
        const items = await read(bytes);
        expect(items.slice(0, 2).map(({ kind }) => kind)).toEqual(['origin', 'series']);
        expect(ofKind(items, 'warning')).toEqual([]);
        expect(ofKind(items, 'mapping').length).toBeGreaterThan(0);
        ends.push(...ofKind(items, 'snapshot').map(({ snapshot }) => snapshot.endNs));
      }
      expect(ends).toEqual(Array.from({ length: 50 }, (_, i) => BigInt(i + 1) * 100_000_000n));
    }
  });
});

describe('a full disk', () => {
  test('ends the recording with a sentence, and leaves whole frames only', async () => {
    const whole = (await recordLake(new FakeDisk(), 5_000_000)).disk.files.get('lake.tcr')!;
    for (const room of [700, 1000, whole.length - 1]) {
      const disk = new FakeDisk(room);
      await expect(recordLake(disk, 5_000_000)).rejects.toThrow(
        "lake.tcr can't be written: the disk is full. What was recorded before is in it and can be read.",
      );
      const left = disk.files.get('lake.tcr')!;
      expect(left.length).toBeLessThan(room + 1);
      expect(whole.subarray(0, left.length)).toEqual(left);
      const items = await read(left);
      expect(ofKind(items, 'warning').map(({ text }) => text)).toEqual([
        expect.stringContaining(`ends at byte ${left.length} without its closing mark`),
      ]);
    }
  });
});

describe('what the recorder notices', () => {
  const base: Snapshot = {
    timeUs: 0,
    wallTimeUs: null,
    tick: 0,
    sampleIntervalUs: 5000,
    aggregationIntervalUs: 100_000,
    maxNrAccesses: 20,
    windowSamples: 20,
    nrRegions: 3,
    targetPids: [10, 11, 12],
    targetIndex: Uint32Array.of(0, 0, 2),
    start: Float64Array.of(0, 4096, 0),
    end: Float64Array.of(4096, 8192, 4096),
    nrAccesses: Uint32Array.of(1, 2, 3),
    age: Uint32Array.of(4, 5, 6),
    probeHits: null,
    filterPassedBytes: null,
  };
  const newRecorder = () =>
    new Recorder({
      attrs: scenarioParams(scenario, undefined).attrs,
      pageFilters: [{ type: 'young', matching: true, allow: true }],
      stats: async () => ({
        tick: 0,
        schemes: [],
        cost: {
          cpuUs: 0,
          cpuShare: 0,
          ceiling: 1,
          stretch: 1,
          lateTicks: 0,
          lastClearUs: null,
        },
        mappings: [],
        warnings: ['It is cold.'],
      }),
      memory: NO_MEMORY,
      footprintEveryNs: null,
      mappingsEveryNs: null,
    });
  const at = (window: number, more: Partial<Snapshot> = {}): Snapshot => ({
    ...base,
    timeUs: window * 100_000,
    tick: window * 20,
    ...more,
  });
  const texts = (items: readonly RecordItem[]) => ofKind(items, 'event').map(({ text }) => text);

  test('a series for each process, whatever the index of its target is', async () => {
    const recorder = newRecorder();
    const first = await recorder.take(at(1));
    expect(ofKind(first, 'series').map(({ series }) => series.pid)).toEqual([10, 12]);
    // As damo writes them.
    expect(ofKind(first, 'series')[0]!.series.filters).toMatchObject([
      { filter_type: 'young', matching: true, allow: true },
    ]);
    const parts = ofKind(first, 'snapshot').map(({ snapshot }) => snapshot);
    expect(parts.map(({ nrRegions }) => nrRegions)).toEqual([2, 1]);
    expect([...parts[1]!.age]).toEqual([6]);

    const fewer = { nrRegions: 2, targetPids: [11, 12], targetIndex: Uint32Array.of(0, 1) };
    const second = await recorder.take(at(2, fewer));
    expect(ofKind(second, 'series').map(({ series }) => series.pid)).toEqual([11]);
    const indexes = ofKind(second, 'snapshot').map(({ snapshot }) => snapshot.seriesIndex);
    expect(indexes).toEqual([2, 1]);
  });

  test('snapshots that it missed', async () => {
    const recorder = newRecorder();
    await recorder.take(at(1));
    const items = await recorder.take(at(4));
    expect(texts(items)).toEqual(['2 snapshots were missed.']);
    const [first] = ofKind(items, 'snapshot');
    expect(first!.snapshot.startNs).toBe(300_000_000n);
  });

  test('other intervals, and warnings while they are news', async () => {
    const recorder = newRecorder();
    expect(texts(await recorder.take(at(1)))).toEqual(['It is cold.']);
    expect(texts(await recorder.take(at(2)))).toEqual([]);
    const slower = { sampleIntervalUs: 10_000, windowSamples: 10, tick: 50 };
    expect(texts(await recorder.take(at(3, slower)))).toEqual([
      'The sampling interval is 10 ms from now on; it was 5 ms.',
    ]);
  });

  test('time goes on when the time of day is set back, and follows it forward', async () => {
    const recorder = newRecorder();
    const endAt = async (window: number, wallTimeUs: number) => {
      const items = await recorder.take(at(window, { wallTimeUs }));
      return ofKind(items, 'snapshot')[0]!.snapshot.endNs;
    };
    expect(await endAt(1, 5_000_000_000_000_000)).toBe(5_000_000_000_000_000_000n);
    expect(await endAt(2, 4_000_000_000_000_000)).toBe(5_000_000_000_100_000_000n);
    expect(await endAt(3, 5_000_000_000_201_000)).toBe(5_000_000_000_200_000_000n);
    expect(await endAt(4, 5_000_003_000_000_000)).toBe(5_000_003_000_000_000_000n);
  });
});
