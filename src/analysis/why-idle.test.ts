import { describe, expect, test } from 'vitest';
import { DEFAULT_SCHEME, NO_QUOTA } from '../params/defaults.ts';
import type { SchemeFigures } from '../params/scheme-figures.ts';
import type { Snapshot } from '../params/snapshot.ts';
import type { Scheme } from '../params/types.ts';
import { matchOf, whyIdle } from './why-idle.ts';

const MIB = 2 ** 20;
const scheme: Scheme = {
  ...DEFAULT_SCHEME,
  action: 'pageout',
  pattern: {
    sizeBytes: { min: 4096, max: 'max' },
    nrAccesses: { min: 0, max: 0 },
    age: { min: 50, max: 'max' },
  },
};
const none: SchemeFigures = {
  nrTried: 0,
  triedBytes: 0,
  nrApplied: 0,
  appliedBytes: 0,
  filterPassedBytes: 0,
  nrQuotaExceeds: 0,
  nrSnapshots: 0,
  effectiveQuotaBytes: null,
  active: true,
  goalValues: [],
};

/** Regions of one MiB. */
function snapshot(...regions: readonly (readonly [accesses: number, age: number])[]): Snapshot {
  return {
    timeUs: 0,
    wallTimeUs: null,
    tick: 0,
    sampleIntervalUs: 5000,
    aggregationIntervalUs: 100_000,
    maxNrAccesses: 20,
    windowSamples: 20,
    nrRegions: regions.length,
    targetPids: [1],
    targetIndex: new Uint32Array(regions.length),
    start: Float64Array.from(regions, (_, index) => index * MIB),
    end: Float64Array.from(regions, (_, index) => (index + 1) * MIB),
    nrAccesses: Uint32Array.from(regions, ([accesses]) => accesses),
    age: Uint32Array.from(regions, ([, age]) => age),
    probeHits: null,
    filterPassedBytes: null,
  };
}

const cold = snapshot([0, 60], [0, 10], [5, 90]);

describe('why a scheme did nothing', () => {
  test('has no answer when it did something', () => {
    expect(whyIdle(scheme, { ...none, appliedBytes: 8 }, { ...none, appliedBytes: 4 }, cold)).toBe(
      null,
    );
    expect(whyIdle(scheme, { ...none, appliedBytes: 8 }, null, cold)).toBeNull();
  });

  test('has no answer when it counted, which is all that "stat" does', () => {
    expect(
      whyIdle({ ...scheme, action: 'stat' }, { ...none, triedBytes: 8 }, none, cold),
    ).toBeNull();
  });

  test('counts what its pattern is about', () => {
    expect(matchOf(scheme, cold)).toEqual({ bytes: MIB, nrRegions: 1 });
  });

  test.each([
    [
      'watermarks',
      {
        watermarks: {
          ...DEFAULT_SCHEME.watermarks,
          midPermil: 400,
          highPermil: 500,
          lowPermil: 200,
        },
      },
      { active: false },
      cold,
      'Its watermarks keep it off: it begins when less than 40 % of the memory are free, and stops ' +
        'above 50 % and below 20 %.',
    ],
    [
      'its number of snapshots',
      { maxNrSnapshots: 3 },
      { nrSnapshots: 3 },
      cold,
      'It has seen the 3 snapshots that it was to see, and is done.',
    ],
    [
      'accesses',
      {},
      {},
      snapshot([3, 0], [7, 0]),
      'No region is accessed 0 times in 20 samples; the nearest is, 3 times.',
    ],
    [
      'age',
      {},
      {},
      snapshot([0, 32], [0, 10], [9, 99]),
      '2 MiB are accessed as it asks, but not for 5 s or more; the nearest region has been so for 3.2 s.',
    ],
    [
      'size',
      { pattern: { ...scheme.pattern, sizeBytes: { min: 2 * MIB, max: 'max' as const } } },
      {},
      cold,
      'No region that is accessed as it asks is 2 MiB or more large; the nearest has 1 MiB.',
    ],
    ['nothing to watch', {}, {}, snapshot(), 'Nothing is watched at present.'],
    [
      'a goal that is met',
      {
        quota: {
          ...NO_QUOTA,
          goals: [
            { metric: 'node_mem_free_bp' as const, targetValue: 50, currentValue: 0, nid: 0 },
          ],
        },
      },
      { effectiveQuotaBytes: 1, goalValues: [75] },
      cold,
      '1 MiB match, but its goal is met or nearly so, and its quota has shrunk to nothing: ' +
        'node_mem_free_bp is 0.75 %, aim 0.5 %.',
    ],
    [
      'its quota',
      {},
      { effectiveQuotaBytes: 8 * MIB, nrQuotaExceeds: 2 },
      cold,
      '1 MiB match, but its quota is used up: 8 MiB in a window. It goes on in the next window.',
    ],
    ['its turn', {}, {}, cold, '1 MiB match; its next turn has not come yet.'],
    [
      'filters',
      { filters: [{ type: 'anon' as const, matching: true, allow: false }] },
      { triedBytes: MIB },
      cold,
      '1 MiB match, but its filters keep all of it out.',
    ],
    [
      'the action',
      {},
      { triedBytes: MIB },
      cold,
      'It tried 1 MiB without effect: its pages are out already, swap is full or missing, or they ' +
        'are in use or locked.',
    ],
  ])('names %s', (_, of, figures, seen, sentence) => {
    expect(whyIdle({ ...scheme, ...of }, { ...none, ...figures }, none, seen)).toBe(sentence);
  });
});
