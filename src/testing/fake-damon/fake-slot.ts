/** One slot, `kdamonds/<K>`: its files and what the words written to `state` do (spec 10.1). */
import { ThermoclineError } from '../../base/errors.ts';
import { readParams } from '../../kernel/read-back.ts';
import { type SysfsReader, slotPath } from '../../kernel/sysfs-files.ts';
import type { Goal, Params, Scheme } from '../../params/types.ts';
import type { FakeTracefs } from '../fake-tracefs.ts';
import { contextFolder, type FakeKernel, numbered, triedRegion } from './context-tree.ts';
import { type FakeFile, type FakeFolder, folder, Refusal, unsigned32, ValueFile } from './nodes.ts';
import { type HistoryName, releaseHas } from './release-history.ts';
import { type FakeWorld, RunningKdamond } from './running-kdamond.ts';

/** What a slot needs of the rest of the fake. */
export interface SlotSurroundings {
  readonly world: FakeWorld;
  readonly tracefs: FakeTracefs | null;
  processExists(pid: number): boolean;
  /** Whether something runs that shares DAMON with nobody. */
  exclusiveRuns(): boolean;
  nextPid(): number;
}

type Command = (slot: FakeSlot) => void;

/** The files of a slot, its worker while one runs, and the commands that join them. */
export class FakeSlot {
  readonly folder: FakeFolder;
  readonly #kernel: FakeKernel;
  readonly #files: SysfsReader;
  readonly #index: number;
  readonly #surroundings: SlotSurroundings;
  readonly #refreshMs = unsigned32(0n);
  #worker: RunningKdamond | null = null;

  constructor(
    kernel: FakeKernel,
    files: SysfsReader,
    index: number,
    surroundings: SlotSurroundings,
  ) {
    this.#kernel = kernel;
    this.#files = files;
    this.#index = index;
    this.#surroundings = surroundings;
    this.folder = folder({
      state: this.#stateFile(),
      pid: this.#pidFile(),
      refresh_ms: releaseHas(kernel.release, 'refresh_ms') && this.#refreshMs,
      contexts: numbered(kernel, 'nr_contexts', () => contextFolder(kernel), 1),
    });
  }

  get isOn(): boolean {
    return this.#worker !== null && !this.#worker.ended;
  }

  runFor(durationUs: number): void {
    if (!this.isOn) return;
    this.#worker!.runFor(durationUs);
    if (this.#refreshMs.value === 0n || !this.isOn || !this.#hasContext) return;
    this.#updateTunedIntervals();
    this.#updateStats();
    this.#updateEffectiveQuotas();
  }

  #stateFile(): FakeFile {
    const commands: Readonly<Record<string, Command>> = {
      on: () => this.#on(),
      off: () => this.#off(),
      commit: () => this.#withWorker((worker) => worker.kdamond.commit(this.#params())),
      commit_schemes_quota_goals: () => this.#commitGoals(),
      update_schemes_stats: () => this.#updateStats(),
      update_schemes_tried_regions: () => this.#updateTriedRegions(true),
      update_schemes_tried_bytes: () => this.#updateTriedRegions(false),
      clear_schemes_tried_regions: () => this.#clear(),
      update_schemes_effective_quotas: () => this.#updateEffectiveQuotas(),
      update_tuned_intervals: () => this.#updateTunedIntervals(),
    };
    return {
      read: () => (this.isOn ? 'on\n' : 'off\n'),
      write: (text) => {
        if (this.#kernel.lockHeld) throw new Refusal('EBUSY');
        const word = text.replace(/\n$/, '');
        const known = releaseHas(this.#kernel.release, `command ${word}` as HistoryName);
        const command = Object.hasOwn(commands, word) && known ? commands[word] : undefined;
        if (!command || (word !== 'off' && !this.#hasContext)) throw new Refusal('EINVAL');
        command(this);
      },
    };
  }

  #pidFile(): FakeFile {
    return {
      read: () => {
        if (this.#kernel.lockHeld) throw new Refusal('EBUSY');
        return `${this.isOn ? this.#worker!.pid : -1}\n`;
      },
    };
  }

  get #hasContext(): boolean {
    return this.#files.exists(this.#path('contexts/0'));
  }

  get #answersAfterEnd(): boolean {
    return releaseHas(this.#kernel.release, 'answers after the end');
  }

  #path(file: string): string {
    return slotPath(this.#index, file);
  }

  // --- commands ---

  #on(): void {
    if (this.isOn) throw new Refusal('EBUSY');
    const params = this.#params();
    if (this.#surroundings.exclusiveRuns()) throw new Refusal('EBUSY');
    const { world, nextPid, tracefs } = this.#surroundings;
    this.#worker = refusing(() => new RunningKdamond(nextPid(), params, world, tracefs));
  }

  #off(): void {
    if (this.#worker === null) throw new Refusal('EINVAL');
    if (!this.isOn) {
      if (!this.#answersAfterEnd) throw new Refusal('EPERM');
      return;
    }
    this.#worker.kdamond.requestStop();
    while (this.isOn) this.#worker.runFor(this.#worker.kdamond.params.attrs.sampleIntervalUs);
  }

  #withWorker(work: (worker: RunningKdamond) => void): void {
    if (this.#worker === null) throw new Refusal('EINVAL');
    if (!this.isOn) throw new Refusal(this.#answersAfterEnd ? 'ECANCELED' : 'EINVAL');
    refusing(() => work(this.#worker!));
  }

  /** The context that the files describe, by the rules of the files themselves. */
  #params(): Params {
    const params = readParams(this.#files, this.#index)!;
    const { operations, targets } = params;
    if (operations === 'paddr' && targets.length > 1) throw new Refusal('EINVAL');
    for (const { pid, regions } of targets) {
      const { processExists } = this.#surroundings;
      if (operations !== 'paddr' && !processExists(pid!)) throw new Refusal('EINVAL');
      let end = 0;
      for (const region of regions) {
        if (region.start < end) throw new Refusal('EINVAL');
        end = region.end;
      }
    }
    return { ...params, schemes: params.schemes.map(builtScheme) };
  }

  #commitGoals(): void {
    this.#withWorker(({ kdamond }) => {
      const { schemes } = this.#params();
      const goalsOf = (index: number): readonly Goal[] | undefined => schemes[index]?.quota.goals;
      kdamond.commit({
        ...kdamond.params,
        schemes: kdamond.params.schemes.map((scheme, index) => ({
          ...scheme,
          quota: { ...scheme.quota, goals: goalsOf(index) ?? scheme.quota.goals },
        })),
      });
    });
  }

  #updateStats(): void {
    this.#eachScheme((worker, index) => {
      const { stats } = worker.kdamond.schemeState(index);
      const unit = BigInt(worker.kdamond.params.addrUnit);
      this.#set(index, 'stats/nr_tried', stats.nrTried);
      this.#set(index, 'stats/sz_tried', stats.triedBytes / unit);
      this.#set(index, 'stats/nr_applied', stats.nrApplied);
      this.#set(index, 'stats/sz_applied', stats.appliedBytes / unit);
      this.#set(index, 'stats/sz_ops_filter_passed', stats.filterPassedBytes / unit);
      this.#set(index, 'stats/qt_exceeds', stats.nrQuotaExceeds);
      this.#set(index, 'stats/nr_snapshots', stats.nrSnapshots);
    });
  }

  #updateEffectiveQuotas(): void {
    this.#eachScheme((worker, index) => {
      const bytes = worker.kdamond.schemeState(index).effectiveQuotaBytes ?? 0n;
      const unit = BigInt(worker.kdamond.params.addrUnit);
      this.#set(index, 'quotas/effective_bytes', bytes / unit);
    });
  }

  #updateTunedIntervals(): void {
    this.#withWorker(({ kdamond }) => {
      const { sampleIntervalUs, aggregationIntervalUs } = kdamond.params.attrs;
      const intervals = 'contexts/0/monitoring_attrs/intervals';
      this.#setFile(`${intervals}/sample_us`, BigInt(sampleIntervalUs));
      this.#setFile(`${intervals}/aggr_us`, BigInt(aggregationIntervalUs));
    });
  }

  #updateTriedRegions(withFolders: boolean): void {
    this.#clearTriedRegions();
    this.#withWorker((worker) => {
      const regions = worker.walk();
      if (regions === null) throw new Refusal('ECANCELED');
      for (const [schemeIndex, found] of Map.groupBy(regions, (region) => region.schemeIndex)) {
        const tried = this.#folderAt(`contexts/0/schemes/${schemeIndex}/tried_regions`);
        const total = found.reduce((sum, { start, end }) => sum + end - start, 0);
        this.#set(schemeIndex, 'tried_regions/total_bytes', BigInt(total));
        if (!withFolders) continue;
        for (const [index, region] of found.entries()) {
          tried?.set(String(index), triedRegion(this.#kernel, region));
        }
      }
    });
  }

  /** Needs nobody to ask, and yet older kernels refuse it without a kdamond. */
  #clear(): void {
    if (!this.isOn && !this.#answersAfterEnd) throw new Refusal('EINVAL');
    this.#clearTriedRegions();
  }

  #clearTriedRegions(): void {
    const nr = readParams(this.#files, this.#index)!.schemes.length;
    for (let scheme = 0; scheme < nr; scheme++) {
      const tried = this.#folderAt(`contexts/0/schemes/${scheme}/tried_regions`);
      for (const name of tried?.keys() ?? []) if (/^\d+$/.test(name)) tried!.delete(name);
      this.#set(scheme, 'tried_regions/total_bytes', 0n);
    }
  }

  // --- what commands write ---

  /** Schemes whose folders were removed meanwhile are left out. */
  #eachScheme(work: (worker: RunningKdamond, index: number) => void): void {
    this.#withWorker((worker) => {
      const { length } = worker.kdamond.params.schemes;
      for (let index = 0; index < length; index++) work(worker, index);
    });
  }

  #set(scheme: number, file: string, value: bigint): void {
    this.#setFile(`contexts/0/schemes/${scheme}/${file}`, value);
  }

  #setFile(path: string, value: bigint): void {
    const parts = path.split('/');
    const name = parts.pop()!;
    const file = this.#folderAt(parts.join('/'))?.get(name);
    if (file instanceof ValueFile) file.value = value;
  }

  #folderAt(path: string): FakeFolder | null {
    let at: FakeFolder = this.folder;
    for (const name of path.split('/')) {
      const next = at.get(name);
      if (!(next instanceof Map)) return null;
      at = next;
    }
    return at;
  }
}

/** A scheme as the files make it: goals without a target are dropped, contradictions refused. */
function builtScheme(scheme: Scheme): Scheme {
  for (const filter of scheme.filters) {
    const backwards =
      (filter.type === 'addr' && filter.range.end < filter.range.start) ||
      (filter.type === 'hugepage_size' &&
        Number(filter.sizeBytes.min) > Number(filter.sizeBytes.max));
    if (backwards) throw new Refusal('ENOMEM');
  }
  const goals = scheme.quota.goals.filter(({ targetValue }) => targetValue > 0);
  return { ...scheme, quota: { ...scheme.quota, goals } };
}

function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ThermoclineError) throw new Refusal('EINVAL');
    throw error;
  }
}
