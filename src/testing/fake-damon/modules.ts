/** The modules that run DAMON by themselves, and share it with nobody. */
import { type FakeKernel, flag } from './context-tree.ts';
import {
  counter,
  type FakeFile,
  type FakeFolder,
  folder,
  Refusal,
  unsigned,
  ValueFile,
} from './nodes.ts';
import { releaseHas } from './release-history.ts';

type ModuleName = 'damon_stat' | 'damon_reclaim' | 'damon_lru_sort';

/** What the modules need of the rest of the fake. */
export interface ModuleSurroundings {
  /** Whether a kdamond of the sysfs interface runs. */
  othersRun(): boolean;
  nextPid(): number;
}

/** Parameters that are plain numbers (spec section 9), with their first values. */
const NUMBERS: Readonly<Record<Exclude<ModuleName, 'damon_stat'>, Record<string, bigint>>> = {
  damon_reclaim: {
    min_age: 120_000_000n,
    quota_ms: 10n,
    quota_sz: 134_217_728n,
    quota_reset_interval_ms: 1_000n,
    wmarks_interval: 5_000_000n,
    wmarks_high: 500n,
    wmarks_mid: 400n,
    wmarks_low: 200n,
  },
  damon_lru_sort: {
    hot_thres_access_freq: 500n,
    cold_min_age: 120_000_000n,
    quota_ms: 10n,
    quota_reset_interval_ms: 1_000n,
    wmarks_interval: 5_000_000n,
    wmarks_high: 200n,
    wmarks_mid: 150n,
    wmarks_low: 50n,
  },
};

const ATTRS = {
  sample_interval: 5_000n,
  aggr_interval: 100_000n,
  min_nr_regions: 10n,
  max_nr_regions: 1_000n,
  monitor_region_start: 0n,
  monitor_region_end: 0n,
};

/** The folder `module`. */
export class FakeModules {
  readonly folder: FakeFolder;
  readonly #kernel: FakeKernel;
  readonly #surroundings: ModuleSurroundings;
  /** Modules that are on, and their kdamonds. */
  readonly #pids = new Map<ModuleName, number>();

  constructor(kernel: FakeKernel, surroundings: ModuleSurroundings) {
    this.#kernel = kernel;
    this.#surroundings = surroundings;
    this.folder = folder({
      damon_stat: releaseHas(kernel.release, 'module damon_stat') && this.#stat(),
      damon_reclaim: this.#acting('damon_reclaim'),
      damon_lru_sort: this.#acting('damon_lru_sort'),
    });
  }

  get anyOn(): boolean {
    return this.#pids.size > 0;
  }

  /** Starts a module; it has to be alone. */
  switchOn(name: ModuleName): void {
    if (this.#pids.has(name)) return;
    if (this.anyOn || this.#surroundings.othersRun()) throw new Refusal('EBUSY');
    this.#pids.set(name, this.#surroundings.nextPid());
  }

  #stat(): FakeFolder {
    const idle = new ValueFile(Array(101).fill(0).join(','), String);
    return folder({
      parameters: folder({
        ...this.#common('damon_stat'),
        estimated_memory_bandwidth: counter(),
        memory_idle_ms_percentiles: idle,
        aggr_interval_us: counter(100_000n),
      }),
    });
  }

  #acting(name: Exclude<ModuleName, 'damon_stat'>): FakeFolder {
    const numbers = Object.entries({ ...NUMBERS[name], ...ATTRS });
    return folder({
      parameters: folder({
        ...this.#common(name),
        commit_inputs: flag(this.#kernel),
        ...Object.fromEntries(numbers.map(([file, value]) => [file, unsigned(value)])),
      }),
    });
  }

  #common(name: ModuleName): Record<'enabled' | 'kdamond_pid', FakeFile> {
    const wanted = flag(this.#kernel);
    return {
      enabled: {
        read: () => (this.#pids.has(name) ? 'Y\n' : 'N\n'),
        write: (text) => {
          wanted.write!(text);
          if (wanted.value) this.switchOn(name);
          else this.#pids.delete(name);
        },
      },
      kdamond_pid: { read: () => `${this.#pids.get(name) ?? -1}\n` },
    };
  }
}
