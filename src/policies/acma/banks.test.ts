import { describe, expect, test } from 'vitest';
import { banksOf, stepBanks } from './banks.ts';
import {
  type AcmaObservation,
  BLOCKS_A_WINDOW,
  WINDOW_BYTES,
  type WindowState,
} from './observation.ts';
import { newAcmaState } from './step.ts';

const GIB = 2 ** 30;
const knobs = { minBytes: GIB, maxBytes: 4 * GIB, pressureShare: 0.001 };
const BANK_BYTES = 2 * WINDOW_BYTES;
const window = (change: Partial<WindowState> = {}): WindowState => ({
  ...{ nrTaken: 0, nrFailed: 0, hotBytes: 0 },
  ...change,
});
const ALL = { nrTaken: BLOCKS_A_WINDOW };

/** 4 GiB in 16 banks of 256 MiB, of which `freeBytes` are free. */
function machine(windows: readonly WindowState[], change: Partial<AcmaObservation> = {}) {
  const nrTaken = windows.reduce((sum, one) => sum + one.nrTaken, 0);
  return {
    ...{ nowMs: 0, takenAtMs: 0, totalBytes: 4 * GIB, coldBytes: 0, someTotalUs: 0 },
    ...{ refaultedBytes: 0, hostFaultedBytes: 0, freeBytes: GIB },
    sizeBytes: 4 * GIB - nrTaken * 2 * 2 ** 20,
    windows,
    ...change,
  };
}

const windowsWith = (changes: Readonly<Record<number, Partial<WindowState>>>) =>
  Array.from({ length: 32 }, (_, index) => window(changes[index]));

/** The decision after twelve calm seconds. */
function decideOn(windows: readonly WindowState[], lastChange: Partial<AcmaObservation> = {}) {
  let state = newAcmaState(machine(windows));
  for (let second = 0; second < 12; second++) {
    const atMs = { nowMs: second * 1000, takenAtMs: second * 1000 };
    ({ state } = stepBanks(machine(windows, atMs), state, knobs, BANK_BYTES));
  }
  const atMs = { nowMs: 12_000, takenAtMs: 12_000 };
  return stepBanks(machine(windows, { ...atMs, ...lastChange }), state, knobs, BANK_BYTES).decision;
}

test('a bank is fit when all of its blocks are out of use', () => {
  const banks = banksOf([window(ALL), window(ALL), window(ALL), window()], 2);
  expect(banks).toEqual([
    { bank: 0, nrBlocks: 128, nrTaken: 128, nrFailed: 0, isFit: true },
    { bank: 1, nrBlocks: 128, nrTaken: 64, nrFailed: 0, isFit: false },
  ]);
});

describe('banks are emptied', () => {
  test('the highest first, and within it the highest window', () => {
    expect(decideOn(windowsWith({})).take[0]!.window).toBe(31);
    expect(decideOn(windowsWith({ 31: ALL })).take[0]!.window).toBe(30);
  });

  test('a bank with a hot window after all that are cold as a whole', () => {
    // Window 31 is cold, and lies in a bank with hot memory.
    expect(decideOn(windowsWith({ 30: { hotBytes: WINDOW_BYTES } })).take[0]!.window).toBe(29);
  });

  test('but none with a block that can’t be emptied, and what was taken of it goes back', () => {
    const { take, give } = decideOn(windowsWith({ 30: { nrTaken: 10, nrFailed: 1 }, 31: ALL }));
    expect(take[0]!.window).toBe(29);
    expect(give).toEqual([
      { window: 30, nrBlocks: 10 },
      { window: 31, nrBlocks: BLOCKS_A_WINDOW },
    ]);
  });
});

test('under pressure, banks that are fit are the last to come back', () => {
  const windows = windowsWith({ 20: ALL, 21: ALL, 29: ALL, 31: ALL });
  const { give, take } = decideOn(windows, { someTotalUs: 5000, freeBytes: 0 });
  expect(take).toEqual([]);
  expect(give[0]).toEqual({ window: 29, nrBlocks: BLOCKS_A_WINDOW });
});
