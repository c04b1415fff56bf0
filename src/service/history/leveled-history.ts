/** How a history keeps its items. */
export interface LeveledHistoryOptions<Item> {
  /** Never more than this, but for the newest item of each level. */
  readonly maxBytes: number;
  readonly bytesOf: (item: Item) => number;
  /** Several that follow one another as one. */
  readonly join: (items: readonly Item[]) => Item;
}

const NR_LEVELS = 4;
/** So many items of one level become one of the next. */
const GROUP = 8;
/** More would only make looking through them slow. */
const MAX_ITEMS = 512;

interface Level<Item> {
  readonly items: Item[];
  bytes: number;
}

/**
 * The latest items as they are, and older ones the coarser the older they are: what is too much for
 * one level moves on to the next, eight joined into one. What leaves the last level is forgotten.
 */
export class LeveledHistory<Item> {
  readonly #options: LeveledHistoryOptions<Item>;
  readonly #levels: readonly Level<Item>[] = Array.from({ length: NR_LEVELS }, () => ({
    items: [],
    bytes: 0,
  }));

  constructor(options: LeveledHistoryOptions<Item>) {
    this.#options = options;
  }

  /** What all items take. */
  get bytes(): number {
    return this.#levels.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Adds the newest item. */
  add(item: Item): void {
    this.#addTo(0, item);
  }

  /** The oldest first. */
  items(): Item[] {
    return this.#levels.toReversed().flatMap(({ items }) => items);
  }

  #addTo(index: number, item: Item): void {
    const level = this.#levels[index];
    if (level === undefined) return;
    const { bytesOf, join, maxBytes } = this.#options;
    level.items.push(item);
    level.bytes += bytesOf(item);
    while (level.items.length > MAX_ITEMS || isOver(level, maxBytes / NR_LEVELS)) {
      const group = level.items.splice(0, Math.min(GROUP, level.items.length - 1));
      for (const one of group) level.bytes -= bytesOf(one);
      if (index + 1 < NR_LEVELS) this.#addTo(index + 1, join(group));
    }
  }
}

function isOver<Item>({ items, bytes }: Level<Item>, limit: number): boolean {
  return bytes > limit && items.length > 1;
}
