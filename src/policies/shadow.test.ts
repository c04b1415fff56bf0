import { expect, test } from 'vitest';
import { DEFAULT_PARAMS, DEFAULT_SCHEME } from '../params/defaults.ts';
import type { Params, Scheme } from '../params/types.ts';
import { shadowDifferences, shadowParams, stripesOf } from './shadow.ts';

const MIB = 2 ** 20;

const pageOut: Scheme = {
  ...DEFAULT_SCHEME,
  action: 'pageout',
  pattern: { ...DEFAULT_SCHEME.pattern, age: { min: 8, max: 'max' } },
  filters: [{ type: 'young', matching: true, allow: false }],
};
const regions = [
  { start: MIB, end: 101 * MIB },
  { start: 200 * MIB, end: 220 * MIB },
];
const params: Params = {
  ...DEFAULT_PARAMS,
  operations: 'paddr',
  targets: [{ regions, obsolete: false }],
  schemes: [{ ...DEFAULT_SCHEME, action: 'stat' }, pageOut],
};

test('nothing acts in a shadow', () => {
  for (const looks of [false, true]) {
    for (const operations of ['vaddr', 'paddr'] as const) {
      const { schemes } = shadowParams({ ...params, operations }, looks);
      expect(schemes.map(({ action }) => action)).toEqual(schemes.map(() => 'stat'));
    }
  }
});

test('says in what it differs where memory would leave, and only there', () => {
  expect(shadowDifferences(params)[0]).toMatch(/^Nothing leaves/);
  expect(
    shadowDifferences({ ...params, schemes: [{ ...DEFAULT_SCHEME, action: 'stat' }] }),
  ).toEqual([]);
});

test('schemes that do not look at pages count what they would act on', () => {
  const virtual: Params = { ...params, operations: 'vaddr' };
  expect(shadowParams(virtual).schemes).toEqual(
    virtual.schemes.map((scheme) => ({ ...scheme, action: 'stat' })),
  );
  expect(stripesOf(virtual)).toEqual([]);
});

test('pages are looked at by equal stripes that cover all memory, when they are told to', () => {
  const stripes = stripesOf(params);
  expect(stripes).toHaveLength(16);
  const sizes = stripes.map(({ start, end }) =>
    regions.reduce(
      (sum, one) => sum + Math.max(0, Math.min(end, one.end) - Math.max(start, one.start)),
      0,
    ),
  );
  for (const size of sizes) expect(size / MIB).toBeCloseTo(120 / 16, 1);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(120 * MIB);
  // One for each stripe and one for files, behind those of the policy.
  const lookers = (looks: boolean) => shadowParams(params, looks).schemes.slice(2);
  expect(lookers(false)).toHaveLength(17);
  for (const { pattern } of lookers(false)) expect(pattern.age.min).toBe('max');
  for (const { pattern } of lookers(true)) expect(pattern.age).toEqual({ min: 0, max: 'max' });
  expect(shadowParams(params, true).schemes[1]!.pattern.age.min).toBe('max');
});
