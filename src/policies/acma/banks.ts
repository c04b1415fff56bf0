/**
 * Banks of memory that are emptied so that they could be powered down. It is auto-scaling with
 * another order: a bank is worth something only when all of its blocks are out of use.
 */
import {
  type AcmaDecision,
  type AcmaKnobs,
  type AcmaObservation,
  BLOCKS_A_WINDOW,
  WINDOW_BYTES,
  type WindowShare,
  type WindowState,
} from './observation.ts';
import { type AcmaState, stepAcma } from './step.ts';
import { windowsToGive } from './windows.ts';

/** How one bank stands; banks are numbered from the lowest address. */
export interface BankState {
  readonly bank: number;
  readonly nrBlocks: number;
  readonly nrTaken: number;
  /** Blocks that could not be taken lately: while there is one, the bank can't go. */
  readonly nrFailed: number;
  /** Nothing in it is in use: fit to be powered down. */
  readonly isFit: boolean;
}

/** Windows joined to banks of `nrWindows`; the last one may be smaller. */
export function banksOf(windows: readonly WindowState[], nrWindows: number): BankState[] {
  return Array.from({ length: Math.ceil(windows.length / nrWindows) }, (_, bank) => {
    const own = windows.slice(bank * nrWindows, (bank + 1) * nrWindows);
    const nrBlocks = own.length * BLOCKS_A_WINDOW;
    const nrTaken = own.reduce((sum, window) => sum + window.nrTaken, 0);
    const nrFailed = own.reduce((sum, window) => sum + window.nrFailed, 0);
    return { bank, nrBlocks, nrTaken, nrFailed, isFit: nrTaken === nrBlocks };
  });
}

/**
 * `stepAcma` by banks of `bankBytes`: the coldest banks are emptied first, of these the highest,
 * one after the other. A bank with a block that can't be emptied is left alone, and gets back what
 * was taken of it. Banks that are fit are the last that memory comes back from.
 */
export function stepBanks(
  observation: AcmaObservation,
  before: AcmaState,
  knobs: AcmaKnobs,
  bankBytes: number,
): { readonly decision: AcmaDecision; readonly state: AcmaState } {
  const { windows } = observation;
  const nrWindows = Math.max(1, Math.round(bankBytes / WINDOW_BYTES));
  const banks = banksOf(windows, nrWindows);
  const bankOf = (window: number) => banks[Math.floor(window / nrWindows)]!;
  const seen = windows.map((window, index): WindowState => {
    const first = index - (index % nrWindows);
    const own = windows.slice(first, first + nrWindows);
    const isLost = bankOf(index).nrFailed > 0;
    return {
      ...window,
      hotBytes: Math.max(...own.map(({ hotBytes }) => hotBytes)),
      nrFailed: isLost ? BLOCKS_A_WINDOW - window.nrTaken : window.nrFailed,
    };
  });
  const { decision, state } = stepAcma({ ...observation, windows: seen }, before, knobs);
  const back = nrBlocksOf(decision.give);
  if (back > 0) {
    const order = [...windows.keys()].sort(
      (a, b) => Number(bankOf(a).isFit) - Number(bankOf(b).isFit) || a - b,
    );
    return { decision: { ...decision, give: windowsToGive(windows, back, order) }, state };
  }
  const give = windows.flatMap(({ nrTaken }, window) =>
    bankOf(window).nrFailed > 0 && nrTaken > 0 ? [{ window, nrBlocks: nrTaken }] : [],
  );
  if (give.length === 0) return { decision, state };
  const why = 'A bank can’t be emptied: it gets back what was taken of it.';
  return { decision: { ...decision, give, why }, state };
}

function nrBlocksOf(shares: readonly WindowShare[]): number {
  return shares.reduce((sum, { nrBlocks }) => sum + nrBlocks, 0);
}
