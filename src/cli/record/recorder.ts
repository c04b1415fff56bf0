import { formatDuration } from '../../base/units.ts';
import type { MemoryMapping } from '../../host/linux/mappings.ts';
import type { MonitorStats } from '../../monitor/monitor.ts';
import { exportFilter } from '../../params/damo/export.ts';
import type { SchemeState, Snapshot } from '../../params/snapshot.ts';
import type { Attrs, OperationsFilter } from '../../params/types.ts';
import type { RecordItem, Series, SeriesIntervals } from '../../record/recording.ts';
import { rowsByTarget, type TargetRows } from '../../record/target-rows.ts';
import type { MemoryReader } from './memory.ts';
import { RecordClock } from './record-clock.ts';

/** So often statistics are asked for. */
const LOOK_NS = 1_000_000_000n;

/** How monitoring began, where its statistics are, and what else to record. */
export interface RecorderOptions {
  readonly attrs: Attrs;
  /** Of pages; regions tell how many bytes passed them. */
  readonly pageFilters: readonly OperationsFilter[];
  readonly stats: () => Promise<MonitorStats>;
  readonly memory: MemoryReader;
  /** Null: not recorded. */
  readonly footprintEveryNs: bigint | null;
  readonly mappingsEveryNs: bigint | null;
}

/** Turns what a monitor says into the items of a recording. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #clock = new RecordClock();
  /** Index of the series of each process, or target without one. */
  readonly #series = new Map<string, number>();
  readonly #warnings = new Set<string>();
  readonly #mappings = new Map<number, string>();
  #last: Snapshot | null = null;
  #firstNs = 0n;
  #lastNs = 0n;
  #nextLookNs: bigint | null = null;
  #nextFootprintNs: bigint | null = null;
  #nextMappingsNs: bigint | null = null;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** End of the latest snapshot; 0 before the first. */
  get timeNs(): bigint {
    return this.#lastNs;
  }

  /** Between the start of the first and the end of the latest snapshot. */
  get durationUs(): number {
    return Number(this.#lastNs - this.#firstNs) / 1000;
  }

  /** A new file begins, in which mappings have to stand as well. */
  repeatMappings(): void {
    this.#mappings.clear();
    this.#nextMappingsNs = null;
  }

  /** One sentence, at the time of the latest snapshot. */
  event(text: string): RecordItem {
    return { kind: 'event', timeNs: this.#lastNs, text };
  }

  /** Items for one snapshot, in order: what was noticed, the snapshot, memory. */
  async take(snapshot: Snapshot): Promise<RecordItem[]> {
    const endNs = this.#clock.timeNs(snapshot);
    const parts = rowsByTarget(snapshot);
    const items: RecordItem[] = [];
    const isDue = this.#nextLookNs === null || endNs >= this.#nextLookNs;
    const stats = isDue ? await this.#look(endNs) : null;
    const startNs = this.#startNs(snapshot, endNs);
    const missed = this.#missed(snapshot);
    if (this.#last === null) this.#firstNs = startNs;
    this.#lastNs = endNs;
    if (missed > 0) items.push(this.event(`${missed} snapshots were missed.`));
    items.push(...this.#changes(snapshot), ...this.#news(stats));
    for (const [index, part] of parts.entries()) {
      const pid = snapshot.targetPids[part.targetIndex] ?? null;
      const seriesIndex = this.#seriesOf(part, pid, items);
      // Schemes work on all targets, so their counters stand once, not in each.
      const schemeStats = stats === null || index > 0 ? null : statsOf(stats.schemes);
      const { sampleIntervalUs, aggregationIntervalUs } = snapshot;
      const intervals = { sampleIntervalUs, aggregationIntervalUs };
      const { targetIndex: _index, ...rows } = part;
      items.push({
        kind: 'snapshot',
        snapshot: { seriesIndex, startNs, endNs, ...intervals, ...rows, schemeStats },
      });
    }
    this.#last = snapshot;
    items.push(...this.#memory(snapshot.targetPids, endNs));
    return items;
  }

  async #look(endNs: bigint): Promise<MonitorStats | null> {
    this.#nextLookNs = endNs + LOOK_NS;
    try {
      return await this.#options.stats();
    } catch {
      // The monitor has ended since; what it saw is recorded all the same.
      return null;
    }
  }

  /** Windows follow one another without a gap, unless one was missed. */
  #startNs(snapshot: Snapshot, endNs: bigint): bigint {
    if (this.#last !== null && this.#missed(snapshot) === 0) return this.#lastNs;
    return endNs - BigInt(snapshot.aggregationIntervalUs) * 1000n;
  }

  #missed(snapshot: Snapshot): number {
    if (this.#last === null) return 0;
    const windows = (snapshot.tick - this.#last.tick) / Math.max(1, snapshot.windowSamples);
    return Math.max(0, Math.round(windows) - 1);
  }

  #changes(snapshot: Snapshot): RecordItem[] {
    const last = this.#last;
    if (last === null || last.sampleIntervalUs === snapshot.sampleIntervalUs) return [];
    const [before, now] = [last, snapshot].map((one) => formatDuration(one.sampleIntervalUs));
    return [this.event(`The sampling interval is ${now} from now on; it was ${before}.`)];
  }

  /** Warnings of the monitor that were not there before. */
  #news(stats: MonitorStats | null): RecordItem[] {
    if (stats === null) return [];
    const news = stats.warnings.filter((text) => !this.#warnings.has(text));
    this.#warnings.clear();
    for (const text of stats.warnings) this.#warnings.add(text);
    return news.map((text) => this.event(text));
  }

  #seriesOf({ targetIndex }: TargetRows, pid: number | null, items: RecordItem[]): number {
    const key = pid === null ? `target ${targetIndex}` : String(pid);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const index = this.#series.size;
    this.#series.set(key, index);
    const series: Series = {
      kdamondIndex: 0,
      contextIndex: 0,
      schemeIndex: null,
      targetId: String(index),
      pid,
      intervals: intervalsOf(this.#options.attrs),
      filters: this.#options.pageFilters.map(exportFilter),
    };
    items.push({ kind: 'series', index, series });
    return index;
  }

  #memory(targetPids: Snapshot['targetPids'], timeNs: bigint): RecordItem[] {
    const { memory, footprintEveryNs, mappingsEveryNs } = this.#options;
    const pids = targetPids.filter((pid) => pid !== null);
    const items: RecordItem[] = [];
    if (footprintEveryNs !== null && timeNs >= (this.#nextFootprintNs ?? timeNs)) {
      this.#nextFootprintNs = timeNs + footprintEveryNs;
      for (const use of memory.use(pids)) {
        items.push({ kind: 'footprint', footprint: { timeNs, ...use } });
      }
    }
    if (mappingsEveryNs !== null && timeNs >= (this.#nextMappingsNs ?? timeNs)) {
      this.#nextMappingsNs = timeNs + mappingsEveryNs;
      for (const pid of pids) items.push(...this.#mappingsOf(pid, timeNs));
    }
    return items;
  }

  /** A list that is as it was says nothing new. */
  #mappingsOf(pid: number, timeNs: bigint): RecordItem[] {
    const list = this.#options.memory.mappings(pid);
    const text = list.map(({ start, end, name }) => `${start} ${end} ${name}`).join('\n');
    if (text === this.#mappings.get(pid)) return [];
    this.#mappings.set(pid, text);
    return list.map((mapping: MemoryMapping) => ({
      kind: 'mapping',
      mapping: { timeNs, pid, ...mapping },
    }));
  }
}

function intervalsOf(attrs: Attrs): SeriesIntervals {
  const { sampleIntervalUs, aggregationIntervalUs, operationsUpdateIntervalUs } = attrs;
  const goal = attrs.intervalsGoal.aggregations === 0 ? null : attrs.intervalsGoal;
  return { sampleIntervalUs, aggregationIntervalUs, operationsUpdateIntervalUs, goal };
}

/** Counters by damo's names; those of further schemes have `scheme 1` and so on in front. */
function statsOf(schemes: readonly SchemeState[]): Record<string, bigint> | null {
  if (schemes.length === 0) return null;
  const all: Record<string, bigint> = {};
  for (const [index, { stats }] of schemes.entries()) {
    const prefix = index === 0 ? '' : `scheme ${index} `;
    all[`${prefix}nr_tried`] = stats.nrTried;
    all[`${prefix}sz_tried`] = stats.triedBytes;
    all[`${prefix}nr_applied`] = stats.nrApplied;
    all[`${prefix}sz_applied`] = stats.appliedBytes;
    all[`${prefix}sz_ops_filter_passed`] = stats.filterPassedBytes;
    all[`${prefix}qt_exceeds`] = stats.nrQuotaExceeds;
    all[`${prefix}nr_snapshots`] = stats.nrSnapshots;
  }
  return all;
}
