/** Windows of something that has a size and no addresses: what is taken lies at the top. */
import {
  BLOCK_BYTES,
  BLOCKS_A_WINDOW,
  WINDOW_BYTES,
  type WindowShare,
  type WindowState,
} from '../../policies/acma/observation.ts';

/** Windows of `totalBytes` of which only `sizeBytes` can be used; both whole blocks. */
export function windowsBelow(totalBytes: number, sizeBytes: number): WindowState[] {
  return Array.from({ length: Math.ceil(totalBytes / WINDOW_BYTES) }, (_, window) => {
    const blocks = (bytes: number) =>
      Math.min(BLOCKS_A_WINDOW, Math.max(0, (bytes - window * WINDOW_BYTES) / BLOCK_BYTES));
    const nrThere = blocks(totalBytes);
    return {
      nrTaken: nrThere - blocks(sizeBytes),
      // Blocks that the last window lacks can't be taken.
      nrFailed: BLOCKS_A_WINDOW - nrThere,
      hotBytes: 0,
    };
  });
}

/** Blocks of all shares. */
export function nrBlocks(shares: readonly WindowShare[]): number {
  return shares.reduce((sum, share) => sum + share.nrBlocks, 0);
}
