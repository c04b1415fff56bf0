/** How a guest stands by its own word: that of its balloon's driver, or of our agent in it. */
export interface GuestFigures {
  /** By the host's clock, they are not older than this. */
  readonly takenAtMs: number;
  readonly freeBytes: number;
  /** Free, or free as soon as it is wanted. */
  readonly availableBytes: number;
  /** In use, not accessed for long, and able to leave. */
  readonly coldBytes: number;
  /** Time lost to a lack of memory so far. */
  readonly stalledUs: number;
  readonly refaultedBytes: number;
  /** Left because it was asked to, so far. */
  readonly reclaimedBytes: number;
  /** Blocks of 2 MiB that are free in one piece; null where that is not known. */
  readonly nrFreeBlocks: number | null;
  /** What the one who reports takes of the guest. */
  readonly agentBytes: number;
}

/** What is wanted of a guest beside a size. */
export interface GuestWish {
  readonly reclaimBytes: number;
  readonly compact: boolean;
}

/** Where figures of one guest come from. */
export interface GuestReports {
  /** Where pressure is read, and where it is no more than a proxy, what it stands for. */
  readonly pressureFrom: string;
  /** The latest figures; the first time, it waits for some. Throws TC_UNSUPPORTED if none come. */
  latest(): Promise<GuestFigures>;
  /** Time lost so far, as far as it is known without waiting. */
  stalledUs(): number;
  /** Whether {@link ask} leads to anything. */
  readonly cooperates: boolean;
  /** Has the guest make room by itself. */
  ask(wish: GuestWish): Promise<void>;
  /** Has the guest report as often as before. Throws where it has ended. */
  close(): Promise<void>;
}
