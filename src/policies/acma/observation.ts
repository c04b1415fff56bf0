/** What the auto-scaling controller goes by, and what it decides (docs/acma.md). Plain data. */

/** What is taken and given back at a time: one huge page. */
export const BLOCK_BYTES: number = 2 * 2 ** 20;
/** Blocks are taken window by window, so that the host's memory stays in one piece. */
export const WINDOW_BYTES: number = 128 * 2 ** 20;
export const BLOCKS_A_WINDOW: number = WINDOW_BYTES / BLOCK_BYTES;

/** The three knobs. */
export interface AcmaKnobs {
  readonly minBytes: number;
  readonly maxBytes: number;
  /** Share of time that may be lost to a lack of memory, 0…1. */
  readonly pressureShare: number;
}

/** One window of the guest's memory; windows are numbered from the lowest address. */
export interface WindowState {
  /** Blocks of it that are taken. */
  readonly nrTaken: number;
  /** Blocks that could not be taken and are not to be tried again yet. */
  readonly nrFailed: number;
  /** Bytes that were accessed lately, as the monitor saw it; a hot window is taken last. */
  readonly hotBytes: number;
}

/** How a guest stands. */
export interface AcmaObservation {
  /** Of one clock for all observations. */
  readonly nowMs: number;
  /** When the figures below were true. */
  readonly takenAtMs: number;
  /** All that the guest was given at its start. */
  readonly totalBytes: number;
  /** What it can use now. */
  readonly sizeBytes: number;
  readonly freeBytes: number;
  /** Bytes of memory in use that were not accessed for long enough, and that can leave. */
  readonly coldBytes: number;
  /** The kernel's total of `some` in microseconds: only its growth counts. */
  readonly someTotalUs: number;
  /** Bytes that had been taken from the guest's programs and had to come back, since its start. */
  readonly refaultedBytes: number;
  /**
   * What the host sees by itself, whatever the guest says: bytes that it had to supply anew to the
   * guest since its start. Null where it can't tell.
   */
  readonly hostFaultedBytes: number | null;
  readonly windows: readonly WindowState[];
}

/** Blocks of one window. */
export interface WindowShare {
  readonly window: number;
  readonly nrBlocks: number;
}

/** What is to be done until the next step. */
export interface AcmaDecision {
  /** Cold bytes that are to leave, so that there are free blocks to take. */
  readonly reclaimBytes: number;
  readonly take: readonly WindowShare[];
  readonly give: readonly WindowShare[];
  /** One sentence. */
  readonly why: string;
}
