import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SnapshotFrame } from '../../client/snapshot-frame.ts';
import { joinFrames } from './join-frames.ts';

type Row = readonly [start: number, end: number, nrAccesses: number, age: number];

function frame(timeUs: number, targets: readonly (readonly Row[])[], pids = [7, 8]): SnapshotFrame {
  const rows = targets.flatMap((list, target) => list.map((row) => [target, ...row] as const));
  const column = (place: number) => rows.map((row) => row[place]!);
  return {
    spanUs: 100,
    snapshot: {
      timeUs,
      wallTimeUs: null,
      tick: timeUs / 5,
      sampleIntervalUs: 5,
      aggregationIntervalUs: 100,
      maxNrAccesses: 20,
      windowSamples: 20,
      nrRegions: rows.length,
      targetPids: pids.slice(0, targets.length),
      targetIndex: Uint32Array.from(column(0)),
      start: Float64Array.from(column(1)),
      end: Float64Array.from(column(2)),
      nrAccesses: Uint32Array.from(column(3)),
      age: Uint32Array.from(column(4)),
      probeHits: null,
      filterPassedBytes: null,
    },
  };
}

function rowsOf({ snapshot }: SnapshotFrame): number[][] {
  return Array.from({ length: snapshot.nrRegions }, (_, row) => [
    snapshot.targetIndex[row]!,
    snapshot.start[row]!,
    snapshot.end[row]!,
    snapshot.nrAccesses[row]!,
    snapshot.age[row]!,
  ]);
}

test('sums up counts where regions lie over one another, and keeps the newest age', () => {
  const joined = joinFrames([
    frame(100, [
      [
        [0, 100, 20, 3],
        [100, 200, 0, 5],
      ],
    ]),
    frame(200, [
      [
        [0, 50, 20, 4],
        [50, 200, 0, 1],
      ],
    ]),
  ]);
  // Three pieces; the largest picture had two regions, so the most alike neighbours become one.
  expect(joined.spanUs).toBe(200);
  expect(joined.snapshot.maxNrAccesses).toBe(40);
  expect(joined.snapshot.timeUs).toBe(200);
  const bytes = rowsOf(joined).reduce((sum, [, start, end]) => sum + end! - start!, 0);
  expect(bytes).toBe(200);
});

test('is exact where bounds are the same', () => {
  const joined = joinFrames([
    frame(100, [
      [
        [0, 100, 20, 3],
        [300, 400, 0, 5],
      ],
      [[0, 50, 7, 2]],
    ]),
    frame(200, [
      [
        [0, 100, 18, 4],
        [300, 400, 2, 0],
      ],
      [[0, 50, 3, 3]],
    ]),
  ]);
  expect(rowsOf(joined)).toEqual([
    [0, 0, 100, 38, 4],
    [0, 300, 400, 2, 0],
    [1, 0, 50, 10, 3],
  ]);
});

test('follows processes, not places in the list of targets', () => {
  const first = frame(100, [[[0, 10, 20, 1]], [[0, 10, 4, 1]]], [7, 8]);
  const second = frame(200, [[[0, 10, 5, 1]]], [8]);
  expect(rowsOf(joinFrames([first, second]))).toEqual([[0, 0, 10, 9, 1]]);
});

test('covers what any picture covered, with no more regions than the largest had', () => {
  const anyRows = fc
    .uniqueArray(fc.nat({ max: 99 }), { minLength: 2, maxLength: 12 })
    .chain((cuts) => {
      const bounds = cuts.toSorted((a, b) => a - b);
      const counts = fc.array(fc.nat({ max: 20 }), {
        minLength: bounds.length,
        maxLength: bounds.length,
      });
      return counts.map((all) =>
        bounds.slice(1).map((end, index): Row => [bounds[index]!, end, all[index]!, index]),
      );
    });
  fc.assert(
    fc.property(fc.array(anyRows, { minLength: 1, maxLength: 8 }), (pictures) => {
      const frames = pictures.map((rows, index) => frame((index + 1) * 100, [rows]));
      const joined = joinFrames(frames);
      const covered = (rows: readonly (readonly number[])[], at: number) =>
        rows.some(([start, end]) => start! <= at && at < end!);
      const rows = rowsOf(joined).map(([, start, end]) => [start!, end!]);
      for (let at = 0; at < 100; at++) {
        expect(covered(rows, at)).toBe(pictures.some((picture) => covered(picture, at)));
      }
      // One contiguous piece can always become one region, so the limit holds but for gaps.
      const largest = Math.max(...frames.map(({ snapshot }) => snapshot.nrRegions));
      const nrGaps = rows.slice(1).filter(([start], index) => start !== rows[index]![1]).length;
      expect(joined.snapshot.nrRegions).toBeLessThanOrEqual(Math.max(largest, nrGaps + 1));
    }),
  );
});
