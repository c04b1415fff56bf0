import { describe, expect, test } from 'vitest';
import { snapshotOf } from '../testing/snapshot-of.ts';
import { HeatHistory } from './heat-history.ts';
import { missingDetail } from './missing-detail.ts';

/** Of pictures that end at these seconds, each with the seconds that it speaks for. */
function historyOf(...pictures: readonly (readonly [endS: number, spanS: number])[]): HeatHistory {
  const history = new HeatHistory();
  for (const [endS, spanS] of pictures) {
    history.add(snapshotOf(endS, [{ pages: [0, 10] }]), spanS * 1e6);
  }
  return history;
}

const seconds = (fromS: number, toS: number, sPerPixel: number) => ({
  ...{ fromUs: fromS * 1e6, toUs: toS * 1e6, usPerPixel: sPerPixel * 1e6 },
});

describe('missing detail', () => {
  const history = historyOf([100, 100], [200, 100], [201, 1], [202, 1], [210, 1], [211, 1]);

  test('is where pictures are seen to be coarse, and where some are missing', () => {
    expect(missingDetail(history, seconds(0, 300, 10), [])).toEqual(seconds(0, 209, 10));
    expect(missingDetail(history, seconds(150, 202, 0.1), [])).toEqual(seconds(150, 200, 0.1));
    expect(missingDetail(history, seconds(200, 300, 0.1), [])).toEqual(seconds(202, 209, 0.1));
  });

  test('is not where nobody would see it, or where all is there', () => {
    expect(missingDetail(history, seconds(0, 200, 50), [])).toBeNull();
    expect(missingDetail(history, seconds(200, 202, 0.01), [])).toBeNull();
  });

  test('is asked for once, and again when it can be seen finer', () => {
    const asked = [seconds(0, 300, 10)];
    expect(missingDetail(history, seconds(0, 300, 10), asked)).toBeNull();
    expect(missingDetail(history, seconds(0, 190, 8), asked)).toBeNull();
    expect(missingDetail(history, seconds(0, 190, 1), asked)).toEqual(seconds(0, 190, 1));
  });
});

test('finer pictures take the place of coarse ones, and fill holes', () => {
  const history = historyOf([100, 100], [200, 100], [300, 1]);
  const fine = [150, 151, 152].map((s) => ({ snapshot: snapshotOf(s, []), spanUs: 1e6 }));
  history.refine(fine);
  history.refine([{ snapshot: snapshotOf(250, []), spanUs: 1e6 }]);
  // What is behind the newest comes by the stream.
  history.refine([{ snapshot: snapshotOf(301, []), spanUs: 1e6 }]);
  expect(history.entries.map(({ fromUs, toUs }) => [fromUs / 1e6, toUs / 1e6])).toEqual([
    [0, 100],
    [100, 149],
    [149, 150],
    [150, 151],
    [151, 152],
    [152, 200],
    [249, 250],
    [299, 300],
  ]);
  expect(history.at(150.5e6)!.snapshot.timeUs).toBe(151e6);
  expect(history.at(170e6)!.snapshot.timeUs).toBe(200e6);
  expect(history.generation).toBe(2);
});
