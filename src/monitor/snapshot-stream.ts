import type { Snapshot } from '../params/snapshot.ts';

interface Reader<Picture> {
  /** The newest snapshot that the reader has not taken yet. */
  unread: Picture | null;
  wake: (() => void) | null;
}

/**
 * Hands each snapshot to every reader. A reader that is slow finds the newest one only, so memory
 * use doesn't depend on readers.
 */
export class SnapshotStream<Picture = Snapshot> {
  readonly #readers = new Set<Reader<Picture>>();
  #ended = false;

  /** Whether anybody reads. */
  get hasReaders(): boolean {
    return this.#readers.size > 0;
  }

  publish(snapshot: Picture): void {
    for (const reader of this.#readers) {
      reader.unread = snapshot;
      reader.wake?.();
    }
  }

  /** Ends every reader once it has taken its last snapshot. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers) reader.wake?.();
  }

  /**
   * @param joined called as soon as the reader counts, which is when it begins to read
   * @param signal ends this reader, also while it waits
   */
  async *read(joined?: () => void, signal?: AbortSignal): AsyncGenerator<Picture, void, void> {
    const reader: Reader<Picture> = { unread: null, wake: null };
    this.#readers.add(reader);
    const wake = () => reader.wake?.();
    signal?.addEventListener('abort', wake);
    try {
      joined?.();
      while (!signal?.aborted) {
        while (reader.unread === null && !this.#ended && !signal?.aborted) {
          await new Promise<void>((resolve) => {
            reader.wake = resolve;
          });
        }
        const snapshot = reader.unread;
        if (snapshot === null) return;
        reader.unread = null;
        yield snapshot;
      }
    } finally {
      signal?.removeEventListener('abort', wake);
      this.#readers.delete(reader);
    }
  }
}
