import type { RecordedMapping, RecordItem } from '../record/recording.ts';
import type { Question } from './question.ts';

/** Names for addresses of a process. */
export interface NamedMappings {
  /**
   * The name of what covers most of a range; `(anonymous)` where that is memory without a name, and
   * empty where no mapping is known.
   */
  nameOf(pid: number | null, start: number, end: number): string;
}

/** What the mappings of each process were when they were last recorded. */
export class MappingNames implements Question<NamedMappings> {
  readonly #byPid = new Map<number, RecordedMapping[]>();

  take(item: RecordItem): void {
    if (item.kind !== 'mapping') return;
    const { mapping } = item;
    const known = this.#byPid.get(mapping.pid);
    if (known !== undefined && known[0]!.timeNs === mapping.timeNs) known.push(mapping);
    else this.#byPid.set(mapping.pid, [mapping]);
  }

  answer(): NamedMappings {
    return { nameOf: (pid, start, end) => this.#nameOf(pid, start, end) };
  }

  #nameOf(pid: number | null, start: number, end: number): string {
    // A recording of one process may not say whose regions they are.
    const only = this.#byPid.size === 1 ? [...this.#byPid.values()][0] : undefined;
    const mappings = (pid === null ? only : this.#byPid.get(pid)) ?? [];
    const bytes = new Map<string, number>();
    for (const mapping of mappings) {
      const shared = Math.min(mapping.end, end) - Math.max(mapping.start, start);
      if (shared <= 0) continue;
      const candidate = mapping.name || '(anonymous)';
      bytes.set(candidate, (bytes.get(candidate) ?? 0) + shared);
    }
    let name = '';
    let most = 0;
    for (const [candidate, shared] of bytes) {
      if (shared <= most) continue;
      name = candidate;
      most = shared;
    }
    return name;
  }
}
