import { describe, expect, test } from 'vitest';
import { DEFAULT_PARAMS, DEFAULT_SCHEME, NO_QUOTA } from '../params/defaults.ts';
import type { Quota, Scheme } from '../params/types.ts';
import type { FeatureName, Features } from './features.ts';
import { heldAtCommit, heldAtStart, withHeldBack } from './first-window.ts';

const everything: Features = new Map();
const silent: Features = new Map<FeatureName, { name: FeatureName; present: boolean; how: string }>(
  [['effective_bytes', { name: 'effective_bytes', present: false, how: '' }]],
);

const pageout = (quota: Partial<Quota>, change: Partial<Scheme> = {}): Scheme => ({
  ...{ ...DEFAULT_SCHEME, action: 'pageout', quota: { ...NO_QUOTA, ...quota } },
  ...change,
});
const limited = pageout({ sizeBytes: 4096 });
const count: Scheme = { ...limited, action: 'stat' };

describe('schemes of a start', () => {
  test.each<[string, Scheme, boolean]>([
    ['with a limit in bytes', limited, true],
    ['with one in time', pageout({ timeMs: 10 }), true],
    [
      'with a goal',
      pageout({ goals: [{ metric: 'user_input', targetValue: 1, currentValue: 0 }] }),
      true,
    ],
    ['without a limit', pageout({}), false],
    ['that only count', count, false],
    ['with a limit on snapshots', { ...limited, maxNrSnapshots: 3 }, false],
  ])('%s: held back is %s', (_, scheme, isHeld) => {
    expect(heldAtStart([count, scheme], everything)).toEqual(new Set(isHeld ? [1] : []));
  });

  test('are not held back where the kernel could not say until when', () => {
    expect(heldAtStart([limited], silent)).toEqual(new Set());
  });
});

test('a commit holds back what begins to act, and what was held back', () => {
  const held = (before: Scheme[], after: Scheme[], already: number[] = []) => [
    ...heldAtCommit(before, after, new Set(already), everything),
  ];
  expect(held([limited], [limited, limited])).toEqual([1]);
  expect(held([limited, limited], [limited, limited], [1])).toEqual([1]);
  expect(held([count], [limited])).toEqual([0]);
  expect(held([limited], [count], [0])).toEqual([]);
});

test('what is held back finds nothing, in windows that end with each pass', () => {
  const { schemes } = withHeldBack(
    { ...DEFAULT_PARAMS, schemes: [limited, limited] },
    new Set([1]),
  );
  expect(schemes[0]).toBe(limited);
  expect(schemes[1]).toEqual({
    ...limited,
    pattern: { ...limited.pattern, nrAccesses: { min: 'max', max: 'max' } },
    quota: { ...limited.quota, resetIntervalMs: 0 },
  });
});
