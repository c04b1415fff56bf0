/** The folders that one slot of the fake consists of, as a kernel of a release makes them. */
import {
  GOAL_METRICS,
  GOAL_TUNERS,
  KERNEL_ACTIONS,
  OPERATIONS_IDS,
  WATERMARK_METRICS,
} from '../../params/types.ts';
import {
  bool,
  counter,
  type FakeFile,
  type FakeFolder,
  folder,
  keyword,
  onlyInvalid,
  parseInt32,
  Refusal,
  signed,
  unsigned,
  unsigned32,
  ValueFile,
} from './nodes.ts';
import { type HistoryName, type Release, releaseHas } from './release-history.ts';
import type { WalkedRegion } from './running-kdamond.ts';

const CORE_FILTERS = ['addr', 'target'] as const;
const OPERATIONS_FILTERS = [
  ...(['anon', 'active', 'memcg', 'young', 'hugepage_size', 'unmapped'] as const),
];

/** What the files need to know of their kernel. */
export interface FakeKernel {
  readonly release: Release;
  /** The one lock of the interface; who finds it held is told EBUSY (spec 10). */
  lockHeld: boolean;
}

/** The folder `contexts/0`. */
export function contextFolder(kernel: FakeKernel): FakeFolder {
  const has = (name: HistoryName) => releaseHas(kernel.release, name);
  return folder({
    avail_operations: new ValueFile(OPERATIONS_IDS.join('\n'), String),
    operations: keyword('vaddr', OPERATIONS_IDS),
    addr_unit: has('addr_unit') && nonZero(),
    pause: has('pause') && flag(kernel),
    monitoring_attrs: folder({
      intervals: folder({
        sample_us: unsigned(5_000n),
        aggr_us: unsigned(100_000n),
        update_us: unsigned(60_000_000n),
        intervals_goal:
          has('intervals_goal') &&
          folder({
            access_bp: unsigned(0n),
            aggrs: unsigned(0n),
            min_sample_us: unsigned(0n),
            max_sample_us: unsigned(0n),
          }),
      }),
      nr_regions: range(10n, 1_000n),
      probes: has('probes') && numbered(kernel, 'nr_probes', () => probe(kernel), 4),
    }),
    targets: numbered(kernel, 'nr_targets', () => target(kernel)),
    schemes: numbered(kernel, 'nr_schemes', () => scheme(kernel)),
  });
}

/**
 * A folder of numbered folders. Each write to `nrFile`, of the same number too, removes them all
 * and makes new ones.
 */
export function numbered(
  kernel: FakeKernel,
  nrFile: string,
  make: (index: number) => FakeFolder,
  max: number = Number.POSITIVE_INFINITY,
): FakeFolder {
  const parent: FakeFolder = new Map();
  let nr = 0;
  parent.set(nrFile, {
    read: () => `${nr}\n`,
    write: (text) => {
      const wanted = Number(parseInt32(text.replace(/\n$/, '')));
      if (wanted < 0 || wanted > max) throw new Refusal('EINVAL');
      if (kernel.lockHeld) throw new Refusal('EBUSY');
      for (let index = 0; index < nr; index++) parent.delete(String(index));
      nr = wanted;
      for (let index = 0; index < nr; index++) parent.set(String(index), make(index));
    },
  });
  return parent;
}

/** `tried_regions/<R>`. */
export function triedRegion(kernel: FakeKernel, region: WalkedRegion): FakeFolder {
  const { start, end, nrAccesses, age, filterPassed, probeHits } = region;
  const nr = (value: number) => counter(BigInt(value));
  return folder({
    start: nr(start),
    end: nr(end),
    nr_accesses: nr(nrAccesses),
    age: nr(age),
    sz_filter_passed: releaseHas(kernel.release, 'sz_ops_filter_passed') && nr(filterPassed),
    probes:
      releaseHas(kernel.release, 'probes') &&
      folder(
        Object.fromEntries(probeHits.map((hits, probe) => [probe, folder({ hits: nr(hits) })])),
      ),
  });
}

function target(kernel: FakeKernel): FakeFolder {
  return folder({
    pid_target: onlyInvalid(signed(0n)),
    obsolete_target: releaseHas(kernel.release, 'obsolete_target') && flag(kernel),
    regions: numbered(kernel, 'nr_regions', () =>
      folder({ start: unsigned(0n), end: unsigned(0n) }),
    ),
  });
}

function probe(kernel: FakeKernel): FakeFolder {
  return folder({
    weight: releaseHas(kernel.release, 'probe weights') && unsigned32(0n),
    filters: numbered(kernel, 'nr_filters', () =>
      folder({
        type: keyword('anon', ['anon', 'memcg']),
        matching: flag(kernel),
        allow: flag(kernel),
        path: pathFile(kernel),
      }),
    ),
  });
}

function scheme(kernel: FakeKernel): FakeFolder {
  const has = (name: HistoryName) => releaseHas(kernel.release, name);
  const filters = (types: readonly (typeof CORE_FILTERS | typeof OPERATIONS_FILTERS)[number][]) => {
    const known = types.filter((type) => has(`filter type ${type}`));
    return numbered(kernel, 'nr_filters', () => filter(kernel, known));
  };
  return folder({
    action: keyword(
      'stat',
      KERNEL_ACTIONS.filter((action) => has(`action ${action}`)),
    ),
    target_nid: has('target_nid') && signed(-1n),
    apply_interval_us: has('apply_interval_us') && unsigned(0n),
    access_pattern: folder({ sz: range(), nr_accesses: range(), age: range() }),
    quotas: quotas(kernel),
    watermarks: folder({
      metric: keyword('none', WATERMARK_METRICS),
      interval_us: unsigned(0n),
      high: unsigned(0n),
      mid: unsigned(0n),
      low: unsigned(0n),
    }),
    filters: has('filters') && filters([...CORE_FILTERS, ...OPERATIONS_FILTERS]),
    core_filters: has('core_filters') && filters(CORE_FILTERS),
    ops_filters: has('ops_filters') && filters(OPERATIONS_FILTERS),
    dests:
      has('dests') &&
      numbered(kernel, 'nr_dests', () => folder({ id: unsigned32(0n), weight: unsigned32(0n) })),
    stats: folder({
      ...Object.fromEntries(
        ['nr_tried', 'sz_tried', 'nr_applied', 'sz_applied', 'qt_exceeds'].map((name) => [
          name,
          counter(),
        ]),
      ),
      sz_ops_filter_passed: has('sz_ops_filter_passed') && counter(),
      nr_snapshots: has('max_nr_snapshots') && counter(),
      max_nr_snapshots: has('max_nr_snapshots') && unsigned(0n),
    }),
    tried_regions: has('tried_regions') && folder({ total_bytes: has('tried_bytes') && counter() }),
  });
}

function quotas(kernel: FakeKernel): FakeFolder {
  const has = (name: HistoryName) => releaseHas(kernel.release, name);
  const metrics = GOAL_METRICS.filter((metric) => has(`goal metric ${metric}`));
  return folder({
    ms: onlyInvalid(unsigned(0n)),
    bytes: onlyInvalid(unsigned(0n)),
    reset_interval_ms: onlyInvalid(unsigned(0n)),
    effective_bytes: has('effective_bytes') && counter(),
    goal_tuner: has('goal_tuner') && keyword('consist', GOAL_TUNERS),
    fail_charge_num: has('fail_charge') && onlyInvalid(unsigned32(0n)),
    fail_charge_denom: has('fail_charge') && onlyInvalid(unsigned32(0n)),
    weights: folder({
      sz_permil: unsigned32(0n),
      nr_accesses_permil: unsigned32(0n),
      age_permil: unsigned32(0n),
    }),
    goals:
      has('goals') &&
      numbered(kernel, 'nr_goals', () =>
        folder({
          // The file came a release after the goals, which knew user input only.
          target_metric: has('effective_bytes') && keyword('user_input', metrics),
          target_value: unsigned(0n),
          current_value: unsigned(0n),
          nid: has('goal nid') && signed(0n),
          path: has('goal path') && pathFile(kernel),
        }),
      ),
  });
}

function filter(kernel: FakeKernel, types: readonly string[]): FakeFolder {
  const has = (name: HistoryName) => releaseHas(kernel.release, name);
  return folder({
    // What a new filter is, even in a list that does not take the word (spec 10).
    type: keyword('anon', types),
    matching: flag(kernel),
    allow: has('allow filters') && flag(kernel),
    memcg_path: pathFile(kernel),
    addr_start: has('filter type addr') && unsigned(0n),
    addr_end: has('filter type addr') && unsigned(0n),
    min: has('filter type hugepage_size') && unsigned(0n),
    max: has('filter type hugepage_size') && unsigned(0n),
    damon_target_idx: has('filter type target') && signed(0n),
  });
}

/** A `bool`, in the words of this kernel. */
export function flag(kernel: FakeKernel): ValueFile<boolean> {
  return bool(releaseHas(kernel.release, 'bools that enable'));
}

function range(min = 0n, max = 0n): FakeFolder {
  return folder({ min: unsigned(min), max: unsigned(max) });
}

function nonZero(): FakeFile {
  const file = unsigned(1n);
  const write = file.write!;
  return {
    read: () => file.read(),
    write: (text) => {
      const before = file.value;
      write(text);
      if (file.value !== 0n) return;
      file.value = before;
      throw new Refusal('EINVAL');
    },
  };
}

function pathFile(kernel: FakeKernel): FakeFile {
  let path = '';
  const locked = () => {
    if (kernel.lockHeld) throw new Refusal('EBUSY');
  };
  return {
    read: () => {
      locked();
      return `${path}\n`;
    },
    write: (text) => {
      locked();
      // With its newline, which counts for nothing where a cgroup is looked for.
      path = text;
    },
  };
}
