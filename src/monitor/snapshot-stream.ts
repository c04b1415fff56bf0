import type { Snapshot } from '../params/snapshot.ts';

interface Reader {
  /** The newest snapshot that the reader has not taken yet. */
  unread: Snapshot | null;
  wake: (() => void) | null;
}

/**
 * Hands each snapshot to every reader. A reader that is slow finds the newest one only, so memory
 * use doesn't depend on readers.
 */
export class SnapshotStream {
  readonly #readers = new Set<Reader>();
  #ended = false;

  /** Whether anybody reads. */
  get hasReaders(): boolean {
    return this.#readers.size > 0;
  }

  publish(snapshot: Snapshot): void {
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

  /** @param joined called as soon as the reader counts, which is when it begins to read */
  async *read(joined?: () => void): AsyncGenerator<Snapshot, void, void> {
    const reader: Reader = { unread: null, wake: null };
    this.#readers.add(reader);
    try {
      joined?.();
      while (true) {
        while (reader.unread === null && !this.#ended) {
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
      this.#readers.delete(reader);
    }
  }
}
