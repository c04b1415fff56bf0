import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AcmaKnobs,
  type AcmaObservation,
  BLOCK_BYTES,
  BLOCKS_A_WINDOW,
  WINDOW_BYTES,
  type WindowState,
} from './observation.ts';
import { type AcmaState, newAcmaState, stepAcma } from './step.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const knobs: AcmaKnobs = { minBytes: GIB, maxBytes: 8 * GIB, pressureShare: 0.001 };

const untouched = (nr: number): WindowState[] =>
  Array.from({ length: nr }, () => ({ nrTaken: 0, nrFailed: 0, hotBytes: 0 }));

/** A guest of 8 GiB that uses 4 and is calm. */
function guest(change: Partial<AcmaObservation> = {}): AcmaObservation {
  const nowMs = change.nowMs ?? 0;
  return {
    nowMs,
    takenAtMs: nowMs,
    totalBytes: 8 * GIB,
    sizeBytes: 8 * GIB,
    freeBytes: 4 * GIB,
    coldBytes: 0,
    someTotalUs: 0,
    refaultedBytes: 0,
    hostFaultedBytes: 0,
    windows: untouched(64),
    ...change,
  };
}

/** Steps once a second through `seconds` of the same guest; returns the last decision and state. */
function steps(seconds: number, make: (nowMs: number) => AcmaObservation, from?: AcmaState) {
  let state = from ?? newAcmaState(make(0));
  let decision = stepAcma(make(0), state, knobs).decision;
  for (let second = 0; second < seconds; second++) {
    ({ decision, state } = stepAcma(make(second * 1000), state, knobs));
  }
  return { decision, state };
}

const nrBlocks = (shares: readonly { readonly nrBlocks: number }[]) =>
  shares.reduce((sum, share) => sum + share.nrBlocks, 0);

describe('while all is calm', () => {
  test('nothing is taken for ten seconds, and then a window a second from the top', () => {
    const calm = (nowMs: number) => guest({ nowMs });
    expect(steps(10, calm).decision.take).toEqual([]);
    expect(steps(12, calm).decision.take).toEqual([{ window: 63, nrBlocks: BLOCKS_A_WINDOW }]);
  });

  test('a small guest is taken from more slowly: 2 % a second', () => {
    const small = (nowMs: number) =>
      guest({ nowMs, sizeBytes: 2 * GIB, freeBytes: GIB, windows: untouched(16) });
    expect(nrBlocks(steps(12, small).decision.take)).toBe(
      Math.floor((0.02 * 2 * GIB) / BLOCK_BYTES),
    );
  });

  test('a hot window is left for last', () => {
    const windows = untouched(64).map((window, index) =>
      index >= 60 ? { ...window, hotBytes: WINDOW_BYTES } : window,
    );
    expect(steps(12, (nowMs) => guest({ nowMs, windows })).decision.take[0]!.window).toBe(59);
  });

  test('holes stay where blocks could not be taken', () => {
    const windows = untouched(64);
    windows[63] = { nrTaken: 60, nrFailed: 4, hotBytes: 0 };
    windows[62] = { nrTaken: 0, nrFailed: 3, hotBytes: 0 };
    expect(steps(12, (nowMs) => guest({ nowMs, windows })).decision.take).toEqual([
      { window: 62, nrBlocks: 61 },
      { window: 61, nrBlocks: 3 },
    ]);
  });

  test('cold memory leaves before it is taken, and free memory stays', () => {
    const full = (nowMs: number) => guest({ nowMs, freeBytes: 160 * MIB, coldBytes: GIB });
    const { decision } = steps(12, full);
    expect(decision.take).toEqual([]);
    expect(decision.reclaimBytes).toBe(WINDOW_BYTES);
    const none = steps(12, (nowMs) => guest({ nowMs, freeBytes: 160 * MIB })).decision;
    expect(none).toMatchObject({ reclaimBytes: 0, take: [], give: [] });
  });
});

describe('when more time is lost than acceptable', () => {
  const windows = untouched(64).map((window, index) =>
    index >= 32 ? { ...window, nrTaken: BLOCKS_A_WINDOW } : window,
  );
  const tight = (nowMs: number, someTotalUs: number) =>
    guest({ nowMs, someTotalUs, sizeBytes: 4 * GIB, freeBytes: 100 * MIB, windows });

  test('memory comes back at once, the lowest window first, and twice as much each time', () => {
    const { state } = steps(20, (nowMs) => tight(nowMs, 0));
    const first = stepAcma(tight(20_000, 5000), state, knobs);
    expect(first.decision.give).toEqual([{ window: 32, nrBlocks: BLOCKS_A_WINDOW }]);
    const second = stepAcma(tight(21_000, 10_000), first.state, knobs);
    expect(nrBlocks(second.decision.give)).toBe(2 * BLOCKS_A_WINDOW);
    const third = stepAcma(tight(22_000, 15_000), second.state, knobs);
    expect(nrBlocks(third.decision.give)).toBe(4 * BLOCKS_A_WINDOW);
  });

  test('nothing is taken before it has been calm for ten seconds again', () => {
    const { state } = steps(20, (nowMs) => tight(nowMs, 0));
    let { state: after } = stepAcma(tight(20_000, 50_000), state, knobs);
    const taken: number[] = [];
    for (let second = 21; second < 60; second++) {
      const observation = { ...tight(second * 1000, 50_000), freeBytes: GIB };
      const step = stepAcma(observation, after, knobs);
      after = step.state;
      if (step.decision.take.length > 0) taken.push(second);
    }
    // Ten seconds until the loss is out of the window, and ten of calm.
    expect(taken[0]).toBeGreaterThanOrEqual(40);
    expect(taken[0]).toBeLessThanOrEqual(42);
  });

  test('between half of the limit and the limit nothing moves', () => {
    // 0.7 ms a second.
    const edge = (nowMs: number) => ({ ...tight(nowMs, nowMs * 0.7), freeBytes: GIB });
    expect(steps(60, edge).decision).toMatchObject({ take: [], give: [], reclaimBytes: 0 });
  });

  test('a block is enough where free memory shows that size is not what is missing', () => {
    const { state } = steps(20, (nowMs) => tight(nowMs, 0));
    const plenty = { ...tight(20_000, 5000), freeBytes: 170 * MIB };
    expect(nrBlocks(stepAcma(plenty, state, knobs).decision.give)).toBe(1);
  });
});

test('memory that runs out is given before time is lost', () => {
  const windows = untouched(64).map((window) => ({ ...window, nrTaken: 32 }));
  const before = guest({ sizeBytes: 4 * GIB, freeBytes: 200 * MIB, windows });
  const { state } = stepAcma(before, newAcmaState(before), knobs);
  const after = { ...before, nowMs: 100, takenAtMs: 100, freeBytes: 60 * MIB };
  const { decision } = stepAcma(after, state, knobs);
  // 140 MiB in a tenth of a second is 1.4 GiB a second; no more than 1 GiB is given at once.
  expect(nrBlocks(decision.give) * BLOCK_BYTES).toBe(GIB);
});

describe('old figures', () => {
  test('never shrink, and bring back what was enough', () => {
    const calm = (nowMs: number) => guest({ nowMs });
    const { state } = steps(12, calm);
    const windows = untouched(64);
    windows[63] = { nrTaken: BLOCKS_A_WINDOW, nrFailed: 0, hotBytes: 0 };
    const size = 8 * GIB - WINDOW_BYTES;
    const stale = { ...guest({ nowMs: 16_000, sizeBytes: size, windows }), takenAtMs: 11_000 };
    expect(stepAcma(stale, state, knobs).decision.give).toEqual([
      { window: 63, nrBlocks: BLOCKS_A_WINDOW },
    ]);
  });

  test('of a guest that stays silent give all of it back, a window each step', () => {
    const windows = untouched(64).map((window) => ({ ...window, nrTaken: 32 }));
    const silent = (nowMs: number) => ({
      ...guest({ nowMs, sizeBytes: 4 * GIB, windows }),
      takenAtMs: 0,
    });
    const { decision } = steps(20, silent);
    expect(nrBlocks(decision.give)).toBe(BLOCKS_A_WINDOW);
  });
});

test('a maximum that is lowered is obeyed whatever the pressure', () => {
  const pressed = (nowMs: number) => guest({ nowMs, someTotalUs: nowMs * 100, freeBytes: 0 });
  const { state } = steps(20, pressed);
  const lowered = { ...knobs, maxBytes: 6 * GIB };
  const { decision } = stepAcma(pressed(20_000), state, lowered);
  expect(nrBlocks(decision.take) * BLOCK_BYTES).toBe(2 * GIB);
  // It is no multiple of a block: the last block goes as a whole.
  const uneven = { ...knobs, maxBytes: 8 * GIB - 1 };
  expect(nrBlocks(stepAcma(pressed(20_000), state, uneven).decision.take)).toBe(1);
});

test('a guest without pressure to which the host supplies much is not believed', () => {
  const lying = (nowMs: number) =>
    guest({
      nowMs,
      coldBytes: 4 * GIB,
      sizeBytes: 4 * GIB,
      hostFaultedBytes: nowMs * 10_000,
      windows: untouched(64).map((window) => ({ ...window, nrTaken: 32 })),
    });
  const { decision } = steps(30, lying);
  expect(decision.take).toEqual([]);
  expect(decision.reclaimBytes).toBe(0);
  expect(nrBlocks(decision.give)).toBeGreaterThan(0);
});

test('what was given since a report was taken is not given once more', () => {
  // Free memory runs out; the report of that is a second old at each step.
  const late = (nowMs: number, sizeBytes: number) =>
    guest({
      ...{ nowMs, takenAtMs: nowMs - 1000, sizeBytes, freeBytes: 40 * MIB },
      windows: untouched(64).map((window, index) =>
        index < 48 ? window : { ...window, nrTaken: 64 },
      ),
    });
  let state = newAcmaState(late(0, 6 * GIB));
  ({ state } = stepAcma(late(0, 6 * GIB), state, knobs));
  const first = stepAcma(late(1000, 6 * GIB), state, knobs);
  expect(nrBlocks(first.decision.give)).toBeGreaterThan(0);
  const given = 6 * GIB + nrBlocks(first.decision.give) * BLOCK_BYTES;
  // The same old figures, and the size has grown meanwhile.
  expect(stepAcma(late(2000, given), first.state, knobs).decision.give).toEqual([]);
});

/** Blocks that may be taken: out of use already, failed, or below the minimum are none of them. */
function nrTakeable(windows: readonly WindowState[], minBytes: number): number {
  const nrBelowMin = (window: number) =>
    Math.min(
      BLOCKS_A_WINDOW,
      Math.max(0, Math.ceil((minBytes - window * WINDOW_BYTES) / BLOCK_BYTES)),
    );
  return windows
    .map(({ nrTaken, nrFailed }, window) =>
      Math.max(0, BLOCKS_A_WINDOW - nrTaken - nrFailed - nrBelowMin(window)),
    )
    .reduce((sum, nr) => sum + nr, 0);
}

test('whatever it is told, and its maximum becomes, sizes stay within the knobs', () => {
  const bytes = (max: number) =>
    fc.integer({ min: 0, max: max / BLOCK_BYTES }).map((n) => n * BLOCK_BYTES);
  const observation = fc.record({
    stepMs: fc.integer({ min: 0, max: 15_000 }),
    ageMs: fc.constantFrom(0, 0, 0, 5000, 20_000),
    freeBytes: bytes(8 * GIB),
    coldBytes: bytes(8 * GIB),
    stalledUs: fc.integer({ min: 0, max: 100_000 }),
    faultedBytes: fc.integer({ min: 0, max: GIB }),
    failed: fc.integer({ min: 0, max: BLOCKS_A_WINDOW }),
    // From outside, at any time; most of the time it stays.
    newMaxBytes: fc.option(bytes(8 * GIB), { freq: 3 }),
  });
  fc.assert(
    fc.property(bytes(8 * GIB), fc.array(observation, { maxLength: 30 }), (minBytes, list) => {
      const taken = new Array<number>(64).fill(0);
      let nowMs = 0;
      let someTotalUs = 0;
      let hostFaultedBytes = 0;
      let state: AcmaState | null = null;
      let maxBytes = 8 * GIB;
      for (const one of list) {
        const { stepMs, ageMs, stalledUs, faultedBytes, failed, newMaxBytes, ...figures } = one;
        if (newMaxBytes !== null) maxBytes = Math.max(minBytes, newMaxBytes);
        nowMs += stepMs;
        someTotalUs += stalledUs;
        hostFaultedBytes += faultedBytes;
        const sizeBytes = 8 * GIB - taken.reduce((sum, nr) => sum + nr, 0) * BLOCK_BYTES;
        const seen = guest({
          ...figures,
          nowMs,
          takenAtMs: nowMs - ageMs,
          sizeBytes,
          someTotalUs,
          hostFaultedBytes,
          windows: taken.map((nrTaken) => ({
            nrTaken,
            nrFailed: Math.min(failed, BLOCKS_A_WINDOW - nrTaken),
            hotBytes: 0,
          })),
        });
        const limit = { minBytes, maxBytes, pressureShare: 0.001 };
        const step = stepAcma(seen, state ?? newAcmaState(seen), limit);
        state = step.state;
        const { take, give } = step.decision;
        expect(take.length === 0 || give.length === 0).toBe(true);
        for (const { window, nrBlocks: nr } of take) taken[window]! += nr;
        for (const { window, nrBlocks: nr } of give) taken[window]! -= nr;
        for (const nr of taken) {
          expect(nr).toBeGreaterThanOrEqual(0);
          expect(nr).toBeLessThanOrEqual(BLOCKS_A_WINDOW);
        }
        const after = 8 * GIB - taken.reduce((sum, nr) => sum + nr, 0) * BLOCK_BYTES;
        expect(after).toBeGreaterThanOrEqual(Math.min(sizeBytes, minBytes));
        if (sizeBytes <= maxBytes) expect(after).toBeLessThanOrEqual(maxBytes);
        else {
          // Obeyed as far as there are blocks, whatever the pressure and however old the figures.
          const nrOver = (sizeBytes - maxBytes) / BLOCK_BYTES;
          const nrMost = nrTakeable(seen.windows, minBytes);
          expect(nrBlocks(take)).toBe(Math.min(nrOver, nrMost));
        }
      }
    }),
  );
});
