import { expect, test } from 'vitest';
import type { SnapshotFrame } from '../../client/snapshot-frame.ts';
import type { TimeRange } from './time-range.ts';
import { wholeHistory } from './whole-history.ts';

/** Windows are a second long; the clock of the monitor is 100 s behind the time of day. */
function frame(wallS: number, spanS: number, isPast = false): SnapshotFrame {
  const none = new Float64Array(0);
  const nothing = new Uint32Array(0);
  return {
    spanUs: spanS * 1e6,
    snapshot: {
      timeUs: (isPast ? wallS : wallS - 100) * 1e6,
      wallTimeUs: isPast ? null : wallS * 1e6,
      ...{ tick: 0, sampleIntervalUs: 50_000, aggregationIntervalUs: 1e6, maxNrAccesses: 20 },
      ...{ windowSamples: 20, nrRegions: 0, targetPids: [], targetIndex: nothing },
      ...{ start: none, end: none, nrAccesses: nothing, age: nothing },
      ...{ probeHits: null, filterPassedBytes: null },
    },
  };
}

const secondsOf = (frames: readonly SnapshotFrame[]) =>
  frames.map(({ snapshot }) => snapshot.wallTimeUs! / 1e6);
const range = (fromS: number, toS: number, limit: number): TimeRange => ({
  ...{ fromUs: fromS * 1e6, toUs: toS * 1e6, limit },
});
/** From 200 s on in memory; up to 216 s eight windows are one. */
const memory = [frame(208, 8), frame(216, 8), ...[217, 218, 219, 220].map((s) => frame(s, 1))];
/** On disk from `fromS` on. */
const disk = (fromS: number, asked: TimeRange[] = []) => {
  return (part: TimeRange) => {
    asked.push(part);
    const all = Array.from({ length: 220 - fromS + 1 }, (_, index) => fromS + index);
    const found = all.filter((s) => s * 1e6 >= part.fromUs && s * 1e6 <= part.toUs);
    return Promise.resolve(found.map((s) => frame(s, 1, true)));
  };
};

test('what memory has in enough detail is not read from disk', async () => {
  const asked: TimeRange[] = [];
  const found = await wholeHistory(memory, range(200, 220, 3), disk(0, asked));
  expect(secondsOf(found)).toEqual([216, 218, 220]);
  expect(found.map(({ spanUs }) => spanUs / 1e6)).toEqual([16, 2, 2]);
  await wholeHistory(memory, range(218, 220, 100), disk(0, asked));
  expect(asked).toEqual([]);
});

test('disk has what is older, and what is only in coarse form in memory', async () => {
  const found = await wholeHistory(memory, range(195, 220, 100), disk(190));
  expect(secondsOf(found)).toEqual(Array.from({ length: 26 }, (_, index) => 195 + index));
  // All of it by the clock that the monitor has now.
  expect(found.map(({ snapshot }) => snapshot.wallTimeUs! - snapshot.timeUs)).toEqual(
    found.map(() => 100e6),
  );
});

test('memory has what disk has no more', async () => {
  const found = await wholeHistory(memory, range(0, 220, 100), disk(214));
  expect(secondsOf(found)).toEqual([208, 214, 215, 216, 217, 218, 219, 220]);
});

test('after a restart disk has all', async () => {
  const found = await wholeHistory([], range(0, 300, 100), disk(218));
  expect(secondsOf(found)).toEqual([218, 219, 220]);
});
