import type { ItemSource, RecordItem } from '../../record/recording.ts';
import type { TargetFormat } from './target-format.ts';

/** More than a reader would read. */
const SHOWN_WARNINGS = 5;

/** Counts what the written format has no place for, and keeps what the reader warned of. */
export class LeftOut {
  readonly #format: TargetFormat;
  readonly #warnings = new Set<string>();
  readonly #counts = { footprint: 0, mapping: 0, event: 0 };
  #hasWatched = false;

  constructor(format: TargetFormat) {
    this.#format = format;
  }

  /** The same items; those of further passes are not counted again. */
  watch(items: ItemSource): ItemSource {
    if (this.#hasWatched) return items;
    this.#hasWatched = true;
    return this.#watched(items);
  }

  async *#watched(items: ItemSource): ItemSource {
    for await (const batch of items) yield this.#batch(batch);
  }

  *#batch(batch: Iterable<RecordItem>): Generator<RecordItem> {
    for (const item of batch) {
      if (item.kind === 'warning') this.#warnings.add(item.text);
      else if (item.kind === 'footprint') this.#counts.footprint += 1;
      else if (item.kind === 'mapping') this.#counts.mapping += 1;
      else if (item.kind === 'event') this.#counts.event += 1;
      yield item;
    }
  }

  /** What people should know. */
  lines(): string[] {
    const warnings = [...this.#warnings];
    const lines = warnings.slice(0, SHOWN_WARNINGS);
    const more = warnings.length - lines.length;
    if (more > 0) lines.push(`${more} more of these.`);
    const kinds = Object.entries(this.#counts).filter(([, count]) => count > 0);
    if (this.#format !== 'tcr' && kinds.length > 0) {
      const counted = kinds.map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`);
      lines.push(`${this.#format} has no place for ${counted.join(', ')}: left out.`);
    }
    return lines;
  }
}
