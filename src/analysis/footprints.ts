import type { Footprint, RecordItem } from '../record/recording.ts';
import type { Question } from './question.ts';

/** Footprints by process in the order of time; null is the machine. */
export type FootprintsByPid = ReadonlyMap<number | null, readonly Footprint[]>;

/** How much memory processes had, over time. */
export class Footprints implements Question<FootprintsByPid> {
  readonly #byPid = new Map<number | null, Footprint[]>();

  take(item: RecordItem): void {
    if (item.kind !== 'footprint') return;
    const { footprint } = item;
    const list = this.#byPid.get(footprint.pid);
    if (list === undefined) this.#byPid.set(footprint.pid, [footprint]);
    else list.push(footprint);
  }

  answer(): FootprintsByPid {
    return this.#byPid;
  }
}
