/** A guest as it would be if decisions were carried out: for recommendations. */
import {
  type AcmaDecision,
  type AcmaObservation,
  BLOCK_BYTES,
} from '../../policies/acma/observation.ts';
import { nrBlocks, windowsBelow } from './size-windows.ts';

/** Remembers what would have been taken. */
export class Shadow {
  #takenBytes = 0;
  /** Would have left. */
  leftBytes = 0;

  /** What is cold now and would have left takes no room; what is accessed again is back. */
  through(seen: AcmaObservation): AcmaObservation {
    const { totalBytes, sizeBytes, freeBytes, coldBytes } = seen;
    const away = Math.min(this.leftBytes, coldBytes);
    const size = totalBytes - this.#takenBytes;
    return {
      ...seen,
      sizeBytes: size,
      freeBytes: Math.max(0, size - (sizeBytes - freeBytes - away)),
      coldBytes: coldBytes - away,
      windows: windowsBelow(totalBytes, size),
    };
  }

  apply({ take, give, reclaimBytes }: AcmaDecision): void {
    this.#takenBytes += (nrBlocks(take) - nrBlocks(give)) * BLOCK_BYTES;
    this.leftBytes += reclaimBytes;
  }
}
