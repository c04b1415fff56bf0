import type { ServiceEvent } from '../client/api-types.ts';

/** So many events are kept for readers that come late or are slow. */
const MAX_EVENTS = 512;

/** What has happened, the latest events only. Readers hold a number and no queue of their own. */
export class EventLog {
  readonly #wallUs: () => number;
  readonly #events: ServiceEvent[] = [];
  readonly #waiting = new Set<() => void>();
  #lastId = 0;
  #ended = false;

  /** @param wallUs microseconds since 1970 */
  constructor(wallUs: () => number) {
    this.#wallUs = wallUs;
  }

  get lastId(): number {
    return this.#lastId;
  }

  /** Notes one event, in one sentence. */
  add(type: ServiceEvent['type'], monitor: string | null, message: string): void {
    this.#lastId += 1;
    this.#events.push({ id: this.#lastId, timeUs: this.#wallUs(), type, monitor, message });
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    this.#wakeAll();
  }

  /** Ends every reader. */
  end(): void {
    this.#ended = true;
    this.#wakeAll();
  }

  /**
   * Events behind the one of the number `afterId`, as they come. A reader that is too slow misses
   * the oldest; the numbers tell.
   */
  async *read(afterId: number, signal: AbortSignal): AsyncGenerator<ServiceEvent, void, void> {
    let lastSeen = afterId;
    const wake = () => this.#wakeAll();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        const next = this.#events.find(({ id }) => id > lastSeen);
        if (next !== undefined) {
          lastSeen = next.id;
          yield next;
        } else if (this.#ended) return;
        else await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  #wakeAll(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resume of waiting) resume();
  }
}
