import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { feedbackLoop } from '../core/feedback-loop.ts';
import { NEW_TUNER, type QuotaWindow, TUNER_NAMES, TUNERS, type TunerState } from './tuners.ts';

const MIB = 2 ** 20;

const size = fc.integer({ min: 0, max: 2 ** 50 });
const score = fc.oneof(
  fc.double({ min: 0, max: 10, noNaN: true }),
  fc.constantFrom(0, 1, 2, Number.MAX_VALUE, Number.POSITIVE_INFINITY),
);
const window = fc
  .record({
    capBytes: size,
    floorBytes: fc.integer({ min: 4096, max: 2 ** 30 }),
    used: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ used, ...rest }) => ({ ...rest, used }));
const state = fc.record({ quotaBytes: size, hurtBytes: fc.option(size) });

function windowOf(
  { used, ...limits }: { capBytes: number; floorBytes: number; used: number },
  { quotaBytes }: TunerState,
): QuotaWindow {
  return { ...limits, appliedBytes: quotaBytes * used };
}

describe.each(TUNER_NAMES)('%s', (name) => {
  const tuner = TUNERS[name];

  test('stays between nothing and the cap, whatever it is told', () => {
    fc.assert(
      fc.property(state, score, window, (last, value, limits) => {
        const { quotaBytes } = tuner(last, value, windowOf(limits, last));
        expect(quotaBytes).toBeGreaterThanOrEqual(0);
        expect(quotaBytes).toBeLessThanOrEqual(limits.capBytes);
        expect(Number.isFinite(quotaBytes)).toBe(true);
      }),
    );
  });

  test('never allows more for a worse score', () => {
    fc.assert(
      fc.property(state, score, score, window, (last, one, other, limits) => {
        // Within the cap, as its own last step has left it.
        const before = { ...last, quotaBytes: Math.min(last.quotaBytes, limits.capBytes) };
        const quota = (value: number) => tuner(before, value, windowOf(limits, before)).quotaBytes;
        expect(quota(Math.max(one, other))).toBeLessThanOrEqual(quota(Math.min(one, other)));
      }),
    );
  });
});

/** A plant whose stall follows what is done with a lag: a first-order one. */
function play(
  name: keyof typeof TUNERS,
  gain: number,
  lag: number,
  windows: number,
  gainAfter = gain,
): { quotas: number[]; scores: number[] } {
  const tuner = TUNERS[name];
  let current: TunerState = NEW_TUNER;
  let level = 0;
  const quotas: number[] = [];
  const scores: number[] = [];
  for (let at = 0; at < windows; at++) {
    const wanted = (at < windows / 2 ? gain : gainAfter) * current.quotaBytes;
    level += (wanted - level) * lag;
    current = tuner(current, level, {
      capBytes: 1024 * MIB,
      floorBytes: MIB,
      appliedBytes: current.quotaBytes,
    });
    quotas.push(current.quotaBytes);
    scores.push(level);
  }
  return { quotas, scores };
}

const gain = fc.double({ min: 1 / (512 * MIB), max: 1 / (2 * MIB), noNaN: true });
const lag = fc.double({ min: 0.3, max: 1, noNaN: true });

test('consist and asymmetric settle near the aim of a first-order plant, from below', () => {
  fc.assert(
    fc.property(fc.constantFrom('consist', 'asymmetric'), gain, lag, (name, slope, speed) => {
      const { scores } = play(name, slope, speed, 400);
      const late = scores.slice(200);
      const mean = late.reduce((sum, one) => sum + one, 0) / late.length;
      expect(mean).toBeGreaterThan(0.4);
      expect(mean).toBeLessThan(1.1);
    }),
  );
});

test('asymmetric overshoots in few windows and never by much once it has settled', () => {
  fc.assert(
    fc.property(gain, lag, (slope, speed) => {
      const late = play('asymmetric', slope, speed, 400).scores.slice(200);
      expect(late.filter((one) => one > 1).length).toBeLessThanOrEqual(late.length * 0.15);
      expect(Math.max(...late)).toBeLessThan(1.3);
    }),
  );
});

test('asymmetric gives way within two windows, and is back in far fewer than consist', () => {
  const hit = { quotaBytes: 512 * MIB, hurtBytes: null };
  const window: QuotaWindow = { capBytes: 1024 * MIB, floorBytes: MIB, appliedBytes: 512 * MIB };
  const once = TUNERS.asymmetric(hit, 1.5, window);
  expect(once.quotaBytes).toBe(128 * MIB);
  expect(TUNERS.asymmetric(once, 3, window)).toEqual({ quotaBytes: 0, hurtBytes: 128 * MIB });
  // Nothing, then doublings from 1 MiB: 7 windows to half of what hurt.
  let state = TUNERS.asymmetric(hit, 3, window);
  let windows = 0;
  for (; state.quotaBytes < 128 * MIB; windows++) {
    state = TUNERS.asymmetric(state, 0, { ...window, appliedBytes: state.quotaBytes });
  }
  expect(windows).toBe(8);
  // The kernel's has only one byte left, and needs 27 doublings.
  let size = feedbackLoop(512n * BigInt(MIB) * 10_000n, 30_000n);
  let kernelWindows = 0;
  for (; size < 128n * BigInt(MIB) * 10_000n; kernelWindows++) size = feedbackLoop(size, 0n);
  expect(kernelWindows).toBe(27);
});

test('asymmetric does not wind up: a quota that is not used does not grow', () => {
  const state = { quotaBytes: 64 * MIB, hurtBytes: null };
  const window = { capBytes: 1024 * MIB, floorBytes: MIB, appliedBytes: MIB };
  expect(TUNERS.asymmetric(state, 0, window).quotaBytes).toBe(64 * MIB);
});

test('asymmetric begins with little where the aim is near already, and learns what hurts', () => {
  const window = { capBytes: 1024 * MIB, floorBytes: MIB, appliedBytes: MIB };
  const near = (state: TunerState, windows: number) => {
    let last = state;
    for (let at = 0; at < windows; at++) last = TUNERS.asymmetric(last, 0.9, window);
    return last.quotaBytes;
  };
  expect(near(NEW_TUNER, 1)).toBe(MIB / 16);
  expect(near(NEW_TUNER, 100)).toBe(MIB);
  expect(near({ quotaBytes: 0, hurtBytes: MIB / 2 }, 100)).toBe(MIB / 4);
  expect(near({ quotaBytes: 64 * MIB, hurtBytes: null }, 100)).toBe(64 * MIB);
});

test('consist is the formula of the kernel, as far as bytes can tell', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2 * MIB, max: 2 ** 40 }),
      fc.integer({ min: 0, max: 30_000 }),
      (last, scoreBp) => {
        const kernel = Number(feedbackLoop(BigInt(last) * 10_000n, BigInt(scoreBp)) / 10_000n);
        const window = { capBytes: 2 ** 50, floorBytes: 1, appliedBytes: 0 };
        const ours = TUNERS.consist(
          { quotaBytes: last, hurtBytes: null },
          scoreBp / 10_000,
          window,
        );
        expect(Math.abs(ours.quotaBytes - kernel)).toBeLessThanOrEqual(2);
      },
    ),
  );
});
