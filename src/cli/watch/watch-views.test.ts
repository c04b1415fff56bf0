/** What `watch` shows, as text: the screen, the lines of a pipe, JSON. */
import { describe, expect, test } from 'vitest';
import { exactJson } from '../../base/exact-json.ts';
import type { MappingView, MonitorCost, MonitorStats } from '../../monitor/monitor.ts';
import { DEFAULT_SCHEME } from '../../params/defaults.ts';
import type { Snapshot } from '../../params/snapshot.ts';
import { type Line, renderLine } from '../terminal/line.ts';
import { costText, formatClock, headLines, schemeText, totalsText, watchFrame } from './frame.ts';
import { snapshotJson } from './json-line.ts';
import { closingLines, openingLines, sampleLine } from './plain-lines.ts';
import { heatColumnOf, ownAddress, shownRanges, type WatchView } from './view.ts';

const MIB = 2 ** 20;

/** For tests: a snapshot of one window of ten samples. */
function snapshotOf(
  ...regions: [targetIndex: number, start: number, end: number, nrAccesses: number, age: number][]
): Snapshot {
  return {
    timeUs: 5_000_000,
    wallTimeUs: null,
    tick: 25,
    sampleIntervalUs: 200_000,
    aggregationIntervalUs: 2_000_000,
    maxNrAccesses: 10,
    windowSamples: 10,
    nrRegions: regions.length,
    targetPids: [null],
    targetIndex: Uint32Array.from(regions, ([target]) => target),
    start: Float64Array.from(regions, ([, start]) => start),
    end: Float64Array.from(regions, ([, , end]) => end),
    nrAccesses: Uint32Array.from(regions, ([, , , nrAccesses]) => nrAccesses),
    age: Uint32Array.from(regions, ([, , , , age]) => age),
    probeHits: null,
    filterPassedBytes: null,
  };
}

const COST: MonitorCost = {
  cpuUs: 20_000,
  cpuShare: 0.0042,
  ceiling: 0.01,
  stretch: 1,
  lateTicks: 0,
  lastClearUs: 1200,
};

const HEAP: MappingView = {
  targetIndex: 0,
  pid: 7,
  start: 16 * MIB,
  end: 48 * MIB,
  name: '[heap]',
  residentBytes: 24 * MIB,
  swappedBytes: 8 * MIB,
  touchedBytes: 6 * MIB,
  untouchedUs: 0,
};

const CACHE: MappingView = {
  targetIndex: 0,
  pid: 7,
  start: 1024 * MIB,
  end: 1040 * MIB,
  name: '/var/lib/cache.db',
  residentBytes: 16 * MIB,
  swappedBytes: 0,
  touchedBytes: 0,
  untouchedUs: 34_000_000,
};

/** A process with two mappings, of which one is warm. */
function processView(stats: Partial<MonitorStats> = {}): WatchView {
  const snapshot = snapshotOf([0, HEAP.start, HEAP.end, 2, 1], [0, CACHE.start, CACHE.end, 0, 17]);
  return {
    subject: 'pid 7 (db)',
    mode: 'counting only',
    description: {
      kind: 'engine',
      operationsSet: 'smaps',
      resolution: 'amount',
      caveats: ['How much of each mapping was touched is known, not where in it.'],
      capabilities: [],
    },
    schemes: [],
    elapsedUs: 65_000_000,
    processCpuUs: 90_000,
    processCpuShare: 0.012,
    snapshot,
    stats: { tick: 25, schemes: [], cost: COST, mappings: [HEAP, CACHE], warnings: [], ...stats },
    history: [],
  };
}

const SCREEN = [
  'thermocline  pid 7 (db)                                                     1:05   q quits',
  'touched 6 MiB of 40 MiB resident (15 %), 8 MiB swapped; 2 mappings, 2 regions',
  'cost 0.42 % of a CPU (ceiling 1 %), 1.2 % in all; sampled every 200 ms, cleared in 1.2 ms',
  '',
  '[heap]                                                                                   +',
  '                                                                                         +',
  '                                                                                         +',
  '                                                                                         +',
  '/var/lib/cache.db                                                                        .',
  '                                                                                         .',
  '                                                                                       now',
  'never touched .-=++***##%%%%@@ always',
  '',
  '   ADDRESS    SIZE  RESIDENT  SWAPPED  TOUCHED  SHARE  UNTOUCHED  NAME',
  ' 0x1000000  32 MiB    24 MiB    8 MiB    6 MiB   25 %          -  [heap]',
  '0x40000000  16 MiB    16 MiB      0 B      0 B    0 %       34 s  …ib/cache.db',
  '',
  '- How much of each mapping was touched is known, not where in it.',
];

const text = (lines: readonly Line[]) => lines.map((line) => renderLine(line, 'none').trimEnd());

describe('the screen', () => {
  test('has all of it: sums, cost, picture, mappings and what is not known', () => {
    const view = processView();
    const history = [heatColumnOf(view.snapshot)];
    expect(text(watchFrame({ ...view, history }, 90, 18, 'none'))).toEqual(SCREEN);
  });

  test('keeps within its height and width, and never loses the caveats', () => {
    for (const [width, height] of [
      [40, 10],
      [80, 24],
      [200, 60],
    ] as const) {
      const lines = watchFrame(processView(), width, height, 'truecolour');
      expect(lines.length).toBeLessThanOrEqual(Math.max(height, 20));
      expect(text(lines).join(' ').replaceAll(/\s+/g, ' ')).toContain('not where in it.');
    }
  });

  test('is as high as the terminal when there is room', () => {
    expect(watchFrame(processView(), 100, 40, 'none').length).toBeLessThanOrEqual(40);
  });
});

describe('the sums', () => {
  test('are those of the mappings where they are known', () => {
    expect(totalsText(processView())).toBe(
      'touched 6 MiB of 40 MiB resident (15 %), 8 MiB swapped; 2 mappings, 2 regions',
    );
  });

  test('are those of the accessed regions otherwise', () => {
    expect(totalsText(processView({ mappings: [] }))).toBe(
      'working set 32 MiB of 48 MiB watched (66.7 %); 2 regions',
    );
  });
});

describe('the cost', () => {
  test('is shown beside its ceiling', () => {
    expect(costText(COST, 200_000)).toBe(
      'cost 0.42 % of a CPU (ceiling 1 %); sampled every 200 ms, cleared in 1.2 ms',
    );
  });

  test('says when sampling was slowed down for it, or came late', () => {
    expect(costText({ ...COST, stretch: 2.5, lateTicks: 3, lastClearUs: null }, 500_000)).toBe(
      'cost 0.42 % of a CPU (ceiling 1 %); sampled every 500 ms, ' +
        'stretched 2.5 times to stay below, 3 late',
    );
  });
});

describe('a scheme', () => {
  const scheme = { ...DEFAULT_SCHEME, action: 'pageout' } as const;
  const stats = {
    nrTried: 3n,
    triedBytes: 12n * 2n ** 20n,
    nrApplied: 1n,
    appliedBytes: 2n ** 22n,
    filterPassedBytes: 0n,
    nrQuotaExceeds: 2n,
    nrSnapshots: 0n,
  };

  test('says what it tried, did and may', () => {
    const state = { stats, effectiveQuotaBytes: 10n * 2n ** 20n, active: true, goalValues: [] };
    expect(schemeText(scheme, 0, state, 'dry run')).toBe(
      'scheme 0 pageout (dry run): tried 12 MiB, applied 4 MiB, quota 10 MiB, 2 times at the quota',
    );
  });

  test('says when it waits', () => {
    const state = { stats, effectiveQuotaBytes: null, active: false, goalValues: [] };
    expect(
      schemeText(scheme, 1, { ...state, stats: { ...stats, nrQuotaExceeds: 0n } }, 'acting'),
    ).toBe('scheme 1 pageout (acting): tried 12 MiB, applied 4 MiB, waiting for its watermarks');
  });
});

describe('lines without a terminal', () => {
  test('begin with the target and the caveats, and end with the sums', () => {
    const view = processView();
    expect([...openingLines(view), sampleLine(view), ...closingLines(view, 'Stopped.')]).toEqual([
      'watching pid 7 (db), sampled by smaps',
      '- How much of each mapping was touched is known, not where in it.',
      '1:05  touched 6 MiB of 40 MiB resident (15 %), 8 MiB swapped; 2 mappings, 2 regions; ' +
        'cost 0.42 % of one CPU',
      'Stopped. After 1:05: touched 6 MiB of 40 MiB resident (15 %), 8 MiB swapped; ' +
        '2 mappings, 2 regions.',
      'cost 0.42 % of a CPU (ceiling 1 %), 1.2 % in all; sampled every 200 ms, cleared in 1.2 ms',
    ]);
  });
});

describe('a dry run', () => {
  const dryRunCalls = ['first()', 'second()', 'third()', 'fourth()'];

  test('shows its latest calls on the screen, and all of them at the end', () => {
    const view = processView({ dryRunCalls });
    expect(text(headLines(view, 100)).slice(3)).toEqual([
      '  would: second()',
      '  would: third()',
      '  would: fourth()',
    ]);
    expect(closingLines(view, 'Stopped.').slice(1, -1)).toEqual([
      'The schemes would have called, the latest last:',
      ...dryRunCalls.map((call) => `  ${call}`),
    ]);
  });

  test('says so when there was nothing to call', () => {
    const lines = closingLines(processView({ dryRunCalls: [] }), 'Stopped.');
    expect(lines).toContain('The schemes would have called nothing.');
  });
});

describe('JSON', () => {
  test('tells how much of each region passes the filters, where that is known', () => {
    const view = processView();
    const { nrRegions } = view.snapshot;
    const filterPassedBytes = Float64Array.from({ length: nrRegions }, (_, row) => row * 4096);
    const line = snapshotJson({ ...view, snapshot: { ...view.snapshot, filterPassedBytes } });
    const { regions } = JSON.parse(line) as { regions: { filterPassedBytes: number }[] };
    expect(regions.length).toBeGreaterThan(0);
    expect(regions.map((one) => one.filterPassedBytes)).toEqual([...filterPassedBytes]);
  });

  test('is one line with regions, mappings, schemes and cost', () => {
    const line = snapshotJson(processView({ mappings: [CACHE] }));
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({
      timeUs: 5_000_000,
      wallTimeUs: null,
      tick: 25,
      sampleIntervalUs: 200_000,
      aggregationIntervalUs: 2_000_000,
      maxNrAccesses: 10,
      windowSamples: 10,
      targetPids: [null],
      regions: [
        { targetIndex: 0, start: HEAP.start, end: HEAP.end, nrAccesses: 2, age: 1 },
        { targetIndex: 0, start: CACHE.start, end: CACHE.end, nrAccesses: 0, age: 17 },
      ],
      mappings: [CACHE],
      schemes: [],
      cost: { ...COST, processCpuUs: 90_000 },
      warnings: [],
    });
  });

  test('has each digit of numbers beyond 2^53', () => {
    expect(exactJson({ bytes: 2n ** 63n + 1n, address: 2 ** 56, share: 0.1, small: 5n })).toBe(
      '{"bytes":9223372036854775809,"address":72057594037927936,"share":0.1,"small":5}',
    );
  });
});

describe('the picture', () => {
  test('puts the address spaces of several targets one after another', () => {
    const column = heatColumnOf(snapshotOf([0, 4096, 8192, 10, 0], [1, 4096, 8192, 5, 0]));
    expect([...column.start]).toEqual([4096, 2 ** 48 + 4096]);
    expect([...column.heat]).toEqual([1, 0.5]);
    expect(ownAddress(column.start[1]!)).toBe(4096);
  });

  test('joins neighbouring regions and leaves gaps out where mappings are not known', () => {
    const snapshot = snapshotOf([0, 0, 10, 1, 0], [0, 10, 30, 0, 0], [0, 90, 100, 0, 0]);
    expect(shownRanges(snapshot, []).map(({ start, end }) => [start, end])).toEqual([
      [0, 30],
      [90, 100],
    ]);
  });

  test('goes by what of a mapping is in memory or swapped, and keeps its name harmless', () => {
    const evil = { ...CACHE, name: '/tmp/\x1b[2J' };
    expect(shownRanges(snapshotOf(), [HEAP, evil])).toEqual([
      { start: HEAP.start, end: HEAP.end, weight: 32 * MIB, name: '[heap]' },
      { start: CACHE.start, end: CACHE.end, weight: 16 * MIB, name: '/tmp/?[2J' },
    ]);
  });
});

test('a clock shows hours only when there are some', () => {
  expect([0, 65e6, 7384e6].map(formatClock)).toEqual(['0:00', '1:05', '2:03:04']);
});
