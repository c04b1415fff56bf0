import { describe, expect, test } from 'vitest';
import { PageLooks } from './page-looks.ts';

const MIB = 2 ** 20;
const SECOND = 1e6;
/** Seconds between looks, as a shadow has them. */
const GAPS = [7.5, 22.5, 60, 30, 60, 30, 60, 30, 60];

/** @param idleBytes what each look finds, by the seconds since the one before and the time */
function looks(idleBytes: (gap: number, time: number) => number) {
  const pages = new PageLooks();
  let time = 0;
  const sudden = GAPS.map((gap) => {
    time += gap;
    return pages.note(idleBytes(gap, time), gap * SECOND);
  });
  return { pages, sudden };
}

describe('of what looks find idle', () => {
  test.each([0.0003, 0.005, 0.05])('%d touches a second to each page are told', (rate) => {
    const { pages, sudden } = looks((gap) => 256 * MIB * Math.exp(-rate * gap));
    expect(pages.touchedShare(10 * SECOND)).toBeCloseTo(1 - Math.exp(-rate * 10), 6);
    expect(pages.idleBytes(22.5 * SECOND) / MIB).toBeCloseTo(256 * Math.exp(-rate * 22.5), 3);
    for (const share of sudden) expect(share).toBeCloseTo(0, 9);
  });

  test('busy pages beside idle ones are no touches to these', () => {
    const { pages, sudden } = looks(() => 100 * MIB);
    expect(pages.touchedShare(60 * SECOND)).toBe(0);
    expect(pages.idleBytes(22.5 * SECOND)).toBe(100 * MIB);
    expect(sudden.every((share) => share === 0)).toBe(true);
  });

  test.each([
    ['grows', (time: number) => time],
    ['grows all at once', (time: number) => (time > 100 ? 200 : 0)],
    ['begins to grow', (time: number) => Math.max(0, time - 120)],
  ])('memory that %s is not touched', (_, size) => {
    const { pages, sudden } = looks((_gap, time) => size(time) * MIB);
    expect(pages.touchedShare(60 * SECOND)).toBe(0);
    expect(sudden.every((share) => share <= 0)).toBe(true);
  });

  test('what is touched all at once is so once, and not from then on', () => {
    const { pages, sudden } = looks((_gap, time) => (time === 210 ? 64 : 256) * MIB);
    expect(sudden.filter((share) => share > 0)).toEqual([0.75]);
    // And then it is idle again.
    expect(sudden.filter((share) => share < 0)).toEqual([-3]);
    expect(pages.touchedShare(60 * SECOND)).toBe(0);
  });
});
