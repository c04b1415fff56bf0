import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NEW_POOL, type PoolObservation, stepPool } from './pool.ts';

const MIB = 2 ** 20;
const KNOBS = { targetBytes: 512 * MIB, pressureShare: 0.001, tryEveryMs: 0 };
const seen = (change: Partial<PoolObservation> = {}): PoolObservation => ({
  ...{ nowMs: 0, nrReady: 0, nrLent: 0, freeBytes: 1024 * MIB, coldBytes: 0, someTotalUs: 0 },
  ...change,
});

/** Steps once a second; returns all decisions. */
function decisions(rows: readonly Partial<PoolObservation>[], knobs = KNOBS) {
  let state = NEW_POOL;
  return rows.map((row, second) => {
    const step = stepPool(seen({ nowMs: second * 1000, ...row }), state, knobs);
    state = step.state;
    return step.decision;
  });
}

const calm = (nr: number, row: Partial<PoolObservation> = {}) =>
  Array.from({ length: nr }, () => row);

test('nothing for ten calm seconds, and then a window a second', () => {
  const found = decisions(calm(11));
  expect(found.slice(0, 10).every(({ make }) => make === 0)).toBe(true);
  expect(found[10]).toMatchObject({ make: 64, reclaimBytes: 0 });
});

test('where free memory is short, cold memory leaves first, and 128 MiB stay free', () => {
  const row = { freeBytes: 138 * MIB, coldBytes: 1024 * MIB };
  expect(decisions(calm(11, row))[10]).toMatchObject({ make: 5, reclaimBytes: 118 * MIB });
  const none = decisions(calm(11, { freeBytes: 0 }))[10]!;
  expect(none).toMatchObject({ make: 0, reclaimBytes: 0 });
  expect(none.why).toBe('There is neither free nor cold memory for it.');
});

test('under pressure it goes back at once, twice as much each time', () => {
  const rows = [
    ...calm(11, { nrReady: 256 }),
    ...[1, 2, 3].map((n) => ({ nrReady: 256, someTotalUs: n * 2000 })),
  ];
  expect(
    decisions(rows)
      .slice(11)
      .map(({ giveBack }) => giveBack),
  ).toEqual([64, 128, 256]);
});

test('what was in vain is tried again after a minute, and then after two', () => {
  const tries = decisions(calm(300)).flatMap(({ make }, second) => (make > 0 ? [second] : []));
  expect(tries).toEqual([10, 71, 192]);
});

test('a costly try comes no sooner than it may', () => {
  let nrReady = 0;
  let state = NEW_POOL;
  const tries: number[] = [];
  for (let second = 0; second < 40; second++) {
    const step = stepPool(seen({ nowMs: second * 1000, nrReady }), state, {
      ...KNOBS,
      tryEveryMs: 10_000,
    });
    state = step.state;
    if (step.decision.make > 0) tries.push(second);
    nrReady += step.decision.make > 0 ? 1 : 0;
  }
  expect(tries).toEqual([10, 21, 32]);
});

test('what is lent does not count as made in vain', () => {
  let state = NEW_POOL;
  for (let second = 0; second <= 10; second++) {
    ({ state } = stepPool(seen({ nowMs: second * 1000 }), state, KNOBS));
  }
  // 64 were made ready, and all of them lent within the second.
  const { decision } = stepPool(seen({ nowMs: 11_000, nrLent: 64 }), state, KNOBS);
  expect(decision.make).toBe(64);
});

test('whatever comes: never made and given back together, and never more than there is', () => {
  const row = fc.record({
    nrReady: fc.nat(600),
    nrLent: fc.nat(600),
    freeBytes: fc.nat(2 ** 31 - 1),
    coldBytes: fc.nat(2 ** 31 - 1),
    stallUs: fc.oneof(fc.constant(0), fc.nat(100_000)),
  });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
      let someTotalUs = 0;
      const all = rows.map(({ stallUs, ...rest }) => {
        someTotalUs += stallUs;
        return { ...rest, someTotalUs };
      });
      for (const [index, { make, giveBack, reclaimBytes }] of decisions(all).entries()) {
        const { nrReady, freeBytes, coldBytes } = all[index]!;
        expect(make === 0 || giveBack === 0).toBe(true);
        expect(giveBack).toBeLessThanOrEqual(nrReady);
        expect(make * 2 * MIB).toBeLessThanOrEqual(Math.max(0, freeBytes - 128 * MIB));
        expect(reclaimBytes).toBeLessThanOrEqual(coldBytes);
        if (make > 0) expect(nrReady + make).toBeLessThanOrEqual(256);
      }
    }),
  );
});
