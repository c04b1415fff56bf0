/** Which windows memory is taken from and given back to. */
import {
  BLOCK_BYTES,
  BLOCKS_A_WINDOW,
  WINDOW_BYTES,
  type WindowShare,
  type WindowState,
} from './observation.ts';

/** A window that is accessed in more than this share of it counts as hot. */
const HOT_SHARE = 0.1;

/**
 * Blocks to take: cold windows first, and of these the highest, so that memory comes off the end in
 * one piece. What failed before is left alone: a window keeps that many holes.
 * @param floorBytes memory below this address is never taken
 */
export function windowsToTake(
  windows: readonly WindowState[],
  nrBlocks: number,
  floorBytes: number,
): WindowShare[] {
  const lowest = Math.floor(floorBytes / WINDOW_BYTES);
  const nrBelowFloor = Math.ceil((floorBytes - lowest * WINDOW_BYTES) / BLOCK_BYTES);
  const order = [...windows.keys()]
    .filter((window) => window >= lowest)
    .sort((a, b) => heat(windows[a]!) - heat(windows[b]!) || b - a);
  return share(order, nrBlocks, (window) => {
    const { nrTaken, nrFailed } = windows[window]!;
    return BLOCKS_A_WINDOW - nrTaken - nrFailed - (window === lowest ? nrBelowFloor : 0);
  });
}

/**
 * Blocks to give back: the lowest window first.
 * @param order of the windows, where that is another
 */
export function windowsToGive(
  windows: readonly WindowState[],
  nrBlocks: number,
  order: readonly number[] = [...windows.keys()],
): WindowShare[] {
  return share(order, nrBlocks, (window) => windows[window]!.nrTaken);
}

function heat({ hotBytes }: WindowState): number {
  return hotBytes > HOT_SHARE * WINDOW_BYTES ? 1 : 0;
}

function share(
  order: readonly number[],
  nrBlocks: number,
  available: (window: number) => number,
): WindowShare[] {
  const shares: WindowShare[] = [];
  let left = nrBlocks;
  for (const window of order) {
    if (left <= 0) break;
    const nr = Math.min(left, Math.max(0, available(window)));
    if (nr > 0) shares.push({ window, nrBlocks: nr });
    left -= nr;
  }
  return shares;
}
