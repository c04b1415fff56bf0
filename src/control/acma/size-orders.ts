/** What a guest was told its size shall be, and what has become of that. */
import { alignDown, alignUp } from '../../base/arithmetic.ts';
import { type AcmaDecision, BLOCK_BYTES, WINDOW_BYTES } from '../../policies/acma/observation.ts';
import { nrBlocks } from './size-windows.ts';

/** Kept beside what is in use: a guest that runs out of memory kills its programs. */
const SPARE_SHARE = 0.1;
/** A size that has not moved for so long does not become what it was ordered to be. */
const STUCK_MS = 10_000;

/** How a guest stands; sizes in whole blocks. */
export interface SizeStanding {
  readonly nowMs: number;
  readonly sizeBytes: number;
  readonly availableBytes: number;
  /** What can't be taken. */
  readonly leastBytes: number;
}

/** Of one guest. */
export class SizeOrders {
  /** Null before the first order. */
  #orderedBytes: number | null = null;
  /** What the guest may have; some give way by themselves, and have more. */
  #grantedBytes = Number.POSITIVE_INFINITY;
  /** The size as it was when it last changed, and when. */
  #moved = { sizeBytes: 0, atMs: 0 };

  /** The size to order; null when nothing changes. */
  wanted({ take, give }: AcmaDecision, standing: SizeStanding): number | null {
    const { sizeBytes, availableBytes, leastBytes } = standing;
    const ordered = this.#orderedBytes ?? sizeBytes;
    if (give.length > 0) return Math.max(ordered, sizeBytes + nrBlocks(give) * BLOCK_BYTES);
    if (take.length === 0) return null;
    const used = sizeBytes - Math.min(sizeBytes, availableBytes);
    const needed = alignUp(used + SPARE_SHARE * used, BLOCK_BYTES);
    const floor = Math.max(alignDown(leastBytes, BLOCK_BYTES), needed);
    const taken = Math.min(nrBlocks(take) * BLOCK_BYTES, WINDOW_BYTES);
    const wanted = Math.max(floor, Math.min(ordered, sizeBytes - taken));
    // The same order again has a balloon grow that gave way.
    return wanted < sizeBytes ? wanted : null;
  }

  /** To be told what was ordered. */
  ordered(bytes: number, standing: SizeStanding): void {
    if (this.#orderedBytes === null || bytes > this.#orderedBytes) this.#note(standing);
    this.#orderedBytes = bytes;
  }

  /** Blocks that the guest was to let go of and has not: it is not asked for them any more. */
  givenUp(standing: SizeStanding): number {
    const { sizeBytes, nowMs } = standing;
    if (sizeBytes !== this.#moved.sizeBytes) this.#note(standing);
    const ordered = this.#orderedBytes ?? sizeBytes;
    if (ordered >= sizeBytes || nowMs - this.#moved.atMs < STUCK_MS) return 0;
    this.#orderedBytes = sizeBytes;
    return (sizeBytes - ordered) / BLOCK_BYTES;
  }

  /** Whether it was told to let go of more than it has so far. */
  isBehind(sizeBytes: number): boolean {
    return this.#orderedBytes !== null && this.#orderedBytes < sizeBytes;
  }

  /** What it may have from now on: what it was told to let go of counts until it has. */
  granted({ sizeBytes }: SizeStanding): number {
    this.#grantedBytes = Math.max(this.#orderedBytes ?? 0, Math.min(sizeBytes, this.#grantedBytes));
    return this.#grantedBytes;
  }

  #note({ sizeBytes, nowMs }: SizeStanding): void {
    this.#moved = { sizeBytes, atMs: nowMs };
  }
}
