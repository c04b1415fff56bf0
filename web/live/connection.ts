/** The page's line to its service: open, lost, opened again. */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import { ThermoclineError } from '../../src/base/errors.ts';
import type { HostView, MonitorView, ServiceEvent } from '../../src/client/api-types.ts';
import type { ThermoclineClient } from '../../src/client/client.ts';

/** How things stand with the service. */
export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** The service wants to know who this is. */
  | { readonly kind: 'locked'; readonly message: string }
  | { readonly kind: 'lost'; readonly sinceMs: number; readonly retryAtMs: number };

/** What the page needs of the browser; tests pass their own. */
export interface ConnectionOptions {
  readonly client: ThermoclineClient;
  readonly nowMs: () => number;
  /** Settles after so long, or when the signal aborts. */
  readonly wait: (durationMs: number, signal: AbortSignal) => Promise<void>;
}

/** The service says something every 10 seconds at least. */
const SILENT_MS = 25_000;
const RETRY_MS = [500, 1000, 2000, 4000, 8000] as const;
const MAX_EVENTS = 100;

/** Keeps the line open until it is closed; every view follows its signals. */
export class Connection {
  readonly client: ThermoclineClient;
  readonly #options: ConnectionOptions;
  readonly #state = signal<LinkState>({ kind: 'connecting' });
  readonly #monitors = signal<readonly MonitorView[]>([]);
  readonly #host = signal<HostView | null>(null);
  readonly #events = signal<readonly ServiceEvent[]>([]);
  readonly #closed = new AbortController();
  /** Ends the present wait or stream. */
  #attempt = new AbortController();
  #lastId: number | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.client = options.client;
  }

  get state(): ReadonlySignal<LinkState> {
    return this.#state;
  }

  get monitors(): ReadonlySignal<readonly MonitorView[]> {
    return this.#monitors;
  }

  get host(): ReadonlySignal<HostView | null> {
    return this.#host;
  }

  /** The latest last. */
  get events(): ReadonlySignal<readonly ServiceEvent[]> {
    return this.#events;
  }

  /** Runs until `close`; signs in first where there is a code. */
  async run(code: string | null): Promise<void> {
    if (code !== null) await this.signIn(code);
    let failures = 0;
    while (!this.#closed.signal.aborted) {
      this.#attempt = new AbortController();
      try {
        await this.refresh();
        failures = 0;
        this.#state.value = { kind: 'live' };
        await this.#follow();
      } catch (error) {
        if (isDenied(error)) {
          this.#state.value = { kind: 'locked', message: error.message };
          await this.#options.wait(Number.MAX_SAFE_INTEGER, this.#attempt.signal);
          continue;
        }
      }
      if (this.#closed.signal.aborted) return;
      await this.#waitToRetry(failures);
      failures += 1;
    }
  }

  /** Exchanges the code of a link for the page's cookie. */
  async signIn(code: string): Promise<void> {
    try {
      await this.client.signIn(code);
    } catch (error) {
      // Who is signed in already may open the link once more.
      if (!isDenied(error)) return;
    }
    this.retry();
  }

  /** Tries again now. */
  retry(): void {
    this.#attempt.abort();
  }

  close(): void {
    this.#closed.abort();
    this.#attempt.abort();
  }

  /** Reads the list of monitors and the machine anew. */
  async refresh(): Promise<void> {
    const [monitors, host] = await Promise.all([this.client.monitors(), this.client.host()]);
    batch(() => {
      this.#monitors.value = monitors;
      this.#host.value = host;
    });
  }

  async #waitToRetry(failures: number): Promise<void> {
    const before = this.#state.value;
    const nowMs = this.#options.nowMs();
    const waitMs = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]!;
    this.#state.value = {
      kind: 'lost',
      sinceMs: before.kind === 'lost' ? before.sinceMs : nowMs,
      retryAtMs: nowMs + waitMs,
    };
    await this.#options.wait(waitMs, this.#attempt.signal);
  }

  /** Reads events until the line breaks or falls silent. */
  async #follow(): Promise<void> {
    const over = AbortSignal.any([this.#closed.signal, this.#attempt.signal]);
    const silence = new AbortController();
    let heardMs = this.#options.nowMs();
    const alive = () => {
      heardMs = this.#options.nowMs();
    };
    const watch = async () => {
      while (!over.aborted && !silence.signal.aborted) {
        await this.#options.wait(SILENT_MS / 5, over);
        if (this.#options.nowMs() - heardMs > SILENT_MS) silence.abort();
      }
    };
    void watch();
    try {
      const signals = AbortSignal.any([over, silence.signal]);
      const options = { signal: signals, alive };
      const after = this.#lastId === undefined ? {} : { afterId: this.#lastId };
      for await (const event of this.client.events({ ...options, ...after })) {
        this.#lastId = event.id;
        this.#events.value = [...this.#events.value, event].slice(-MAX_EVENTS);
        await this.refresh();
      }
    } finally {
      silence.abort();
    }
  }
}

function isDenied(error: unknown): error is ThermoclineError {
  return error instanceof ThermoclineError && error.code === 'TC_DENIED';
}
