/** One monitor of the service as the page sees it: its picture and its figures, kept up to date. */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { FiguresPoint, StatsAnswer } from '../../src/client/api-types.ts';
import type { ThermoclineClient } from '../../src/client/client.ts';
import { type AskedDetail, missingDetail } from '../heat/missing-detail.ts';
import { Picture } from '../heat/picture.ts';

/** As many columns as a wide screen has. */
const HISTORY_PICTURES = 2000;
/** Parts of the past that were asked for; older ones may be asked for again. */
const MAX_ASKED = 200;
const HISTORY_POINTS = 600;
const STATS_EVERY_MS = 1000;
const MAX_POINTS = 1200;

/** Follows a monitor until it is closed. Throws nothing: the connection knows what is wrong. */
export class LiveMonitor {
  readonly name: string;
  readonly picture: Picture = new Picture();
  readonly #client: ThermoclineClient;
  readonly #stats = signal<StatsAnswer | null>(null);
  readonly #points = signal<readonly FiguresPoint[]>([]);
  readonly #over = new AbortController();
  #asked: readonly AskedDetail[] = [];
  #isRefining = false;

  constructor(client: ThermoclineClient, name: string) {
    this.#client = client;
    this.name = name;
  }

  get stats(): ReadonlySignal<StatsAnswer | null> {
    return this.#stats;
  }

  /** Figures over time, oldest first. */
  get points(): ReadonlySignal<readonly FiguresPoint[]> {
    return this.#points;
  }

  /** Reads the past once, then what comes, until `close` or until the line breaks. */
  async run(): Promise<void> {
    await Promise.allSettled([this.#followPictures(), this.#followFigures()]);
  }

  close(): void {
    this.#over.abort();
  }

  /**
   * Asks the service for what is visible and not in detail here. Call it now and then; one request
   * is on its way at most.
   */
  async refine(visible: AskedDetail): Promise<void> {
    if (this.#isRefining || this.#over.signal.aborted) return;
    const part = missingDetail(this.picture.history, visible, this.#asked);
    if (part === null) return;
    this.#isRefining = true;
    this.#asked = [...this.#asked, part].slice(-MAX_ASKED);
    const offsetUs = this.picture.wallOffsetUs ?? 0;
    const limit = Math.ceil((part.toUs - part.fromUs) / part.usPerPixel);
    try {
      this.picture.refine(
        await this.#client.history(this.name, {
          // Pictures are known by their end.
          fromUs: Math.max(Math.floor(part.fromUs + offsetUs) + 1, 0),
          toUs: Math.max(Math.ceil(part.toUs + offsetUs), 0),
          limit: Math.min(Math.max(limit, 1), HISTORY_PICTURES),
        }),
      );
    } catch {
      // The connection knows what is wrong; the picture stays as coarse as it is.
    } finally {
      this.#isRefining = false;
    }
  }

  async #followPictures(): Promise<void> {
    const { signal: over } = this.#over;
    const past = await this.#client.history(this.name, { limit: HISTORY_PICTURES });
    if (over.aborted) return;
    this.picture.add(past);
    for await (const frame of this.#client.stream(this.name, { signal: over })) {
      this.picture.add([frame]);
    }
  }

  async #followFigures(): Promise<void> {
    const { signal: over } = this.#over;
    this.#take(await this.#client.stats(this.name, { limit: HISTORY_POINTS }));
    while (!over.aborted) {
      await new Promise((resolve) => setTimeout(resolve, STATS_EVERY_MS));
      if (over.aborted) return;
      if (document.visibilityState === 'hidden') continue;
      this.#take(await this.#client.stats(this.name, { limit: 0 }));
    }
  }

  #take(stats: StatsAnswer): void {
    batch(() => {
      this.#stats.value = stats;
      const lastUs = this.#points.value.at(-1)?.timeUs ?? Number.NEGATIVE_INFINITY;
      const fresh = [...stats.history, stats.now].filter(({ timeUs }) => timeUs > lastUs);
      this.#points.value = [...this.#points.value, ...fresh].slice(-MAX_POINTS);
      this.picture.setLabels(
        stats.mappings.map(({ targetIndex, start, end, name }) => ({
          targetIndex,
          start,
          end,
          name: name === '' ? '(anonymous)' : shortName(name),
        })),
      );
    });
  }
}

/** The end of a path says most. */
function shortName(name: string): string {
  return name.startsWith('/') ? name.split('/').at(-1)! : name;
}
