/**
 * The parameter tree: everything that tells a monitor what to watch and what to do, as frozen plain
 * data. Names are DAMON's own with the unit last; `docs/params.md` explains each for users.
 *
 * `Params` has every value in place. `ParamsSpec` is what people write, where attributes may be
 * `auto`; `resolveParams` turns one into the other once the monitored size is known.
 */

/** A whole number of at least 0, or `max`: no upper bound, whatever the field's width. */
export type Bound = number | 'max';

/** Both ends are included. */
export interface BoundRange {
  readonly min: Bound;
  readonly max: Bound;
}

/** Half-open: `start <= address < end`. */
export interface AddressRange {
  readonly start: number;
  readonly end: number;
}

export const OPERATIONS_IDS = ['vaddr', 'fvaddr', 'paddr'] as const;
/** The address space that is watched (spec section 3). */
export type OperationsId = (typeof OPERATIONS_IDS)[number];

/** Aim of interval auto-tuning (spec section 6). Off while `aggregations` is 0. */
export interface IntervalsGoal {
  /** Share of the possible access events that should be seen, in 1/10,000. */
  readonly accessBp: number;
  /** Tune each time after so many aggregation intervals. */
  readonly aggregations: number;
  readonly minSampleIntervalUs: number;
  readonly maxSampleIntervalUs: number;
}

/** How closely and how coarsely to watch (spec section 1, "attrs"). */
export interface Attrs {
  readonly sampleIntervalUs: number;
  readonly aggregationIntervalUs: number;
  readonly operationsUpdateIntervalUs: number;
  readonly intervalsGoal: IntervalsGoal;
  readonly minNrRegions: number;
  readonly maxNrRegions: number;
}

/** What people write for `Attrs`: the goal, the minimum number of regions, or all of it `auto`. */
export interface AttrsSpec extends Omit<Attrs, 'intervalsGoal' | 'minNrRegions'> {
  readonly intervalsGoal: IntervalsGoal | 'auto';
  readonly minNrRegions: number | 'auto';
}

/** One monitored address space. */
export interface Target {
  /** The process to watch; absent for physical memory. */
  readonly pid?: number;
  /** Initial ranges, in core units (bytes / `addrUnit`); empty lets the operations set choose. */
  readonly regions: readonly AddressRange[];
  /** In a commit: remove the running target at this index. */
  readonly obsolete: boolean;
}

/** A test of one attribute of the sampled page (spec section 8). */
export type ProbeFilter =
  | { readonly type: 'anon'; readonly matching: boolean; readonly allow: boolean }
  | {
      readonly type: 'memcg';
      readonly matching: boolean;
      readonly allow: boolean;
      readonly memcgPath: string;
    };

/** An attribute whose presence is counted (spec section 8). */
export interface Probe {
  /** 0 only counts; any weight above 0 makes attributes replace access checks. */
  readonly weight: number;
  readonly filters: readonly ProbeFilter[];
}

/** The actions that the kernel's DAMON knows, too. */
export const KERNEL_ACTIONS = [
  'willneed',
  'cold',
  'pageout',
  'hugepage',
  'nohugepage',
  'collapse',
  'lru_prio',
  'lru_deprio',
  'migrate_hot',
  'migrate_cold',
  'stat',
] as const;
export type KernelAction = (typeof KERNEL_ACTIONS)[number];

/** Ours alone: take physical memory in whole blocks, and give it back (docs/acma.md). */
export const BLOCK_ACTIONS = ['alloc', 'free'] as const;
export type BlockAction = (typeof BLOCK_ACTIONS)[number];

/** Whether an action works by blocks. */
export const isBlockAction = (action: Action): action is BlockAction =>
  (BLOCK_ACTIONS as readonly Action[]).includes(action);

export const ACTIONS: readonly [...typeof KERNEL_ACTIONS, ...typeof BLOCK_ACTIONS] = [
  ...KERNEL_ACTIONS,
  ...BLOCK_ACTIONS,
];
/** What a scheme does to the regions that it finds; `stat` only counts them. */
export type Action = (typeof ACTIONS)[number];

/** The regions that a scheme is about (spec 5.1). */
export interface AccessPattern {
  readonly sizeBytes: BoundRange;
  /** In samples of one aggregation interval. */
  readonly nrAccesses: BoundRange;
  /** In aggregation intervals. */
  readonly age: BoundRange;
}

export const GOAL_METRICS = [
  'user_input',
  'some_mem_psi_us',
  'node_mem_used_bp',
  'node_mem_free_bp',
  'node_memcg_used_bp',
  'node_memcg_free_bp',
  'active_mem_bp',
  'inactive_mem_bp',
  'node_eligible_mem_bp',
] as const;
export type GoalMetric = (typeof GOAL_METRICS)[number];

/** An aim of a quota (spec 5.5): its size is tuned until `metric` reaches `targetValue`. */
export interface Goal {
  readonly metric: GoalMetric;
  readonly targetValue: number;
  /** Counts for `user_input` only: the value as the user measured it last. */
  readonly currentValue: number;
  /** For the metrics of one node. */
  readonly nid?: number;
  /** For the metrics of one cgroup on one node. */
  readonly memcgPath?: string;
  /**
   * Ours alone: `falling` when acting makes the metric fall, so that the quota grows while it is
   * above the target. Absent: it rises, as the kernel takes all goals.
   */
  readonly direction?: 'falling';
}

export const GOAL_TUNERS = ['consist', 'temporal'] as const;
/**
 * `consist` follows the aim with a feedback loop, `temporal` works at full quota until it is met.
 */
export type GoalTuner = (typeof GOAL_TUNERS)[number];

/** How much a scheme may do (spec 5.5). All zero and no goals: no limit. */
export interface Quota {
  readonly timeMs: number;
  readonly sizeBytes: Bound;
  readonly resetIntervalMs: Bound;
  readonly weights: {
    readonly sizePermil: number;
    readonly nrAccessesPermil: number;
    readonly agePermil: number;
  };
  readonly goals: readonly Goal[];
  readonly goalTuner: GoalTuner;
  /** Share of the bytes that an action failed on which still counts; a denominator of 0: all. */
  readonly failChargeNumerator: number;
  readonly failChargeDenominator: number;
}

export const WATERMARK_METRICS = ['none', 'free_mem_rate'] as const;
export type WatermarkMetric = (typeof WATERMARK_METRICS)[number];

/** Switches a scheme on and off by a metric of the system (spec 5.8). */
export interface Watermarks {
  readonly metric: WatermarkMetric;
  readonly intervalUs: number;
  readonly highPermil: number;
  readonly midPermil: number;
  readonly lowPermil: number;
}

interface FilterBase {
  /** Whether the filter is about memory that has the property, or that lacks it. */
  readonly matching: boolean;
  /** Whether memory that the filter is about is let through, or kept out. */
  readonly allow: boolean;
}

/** Filters that the core can decide for a whole region. */
export type CoreFilter =
  | (FilterBase & { readonly type: 'addr'; readonly range: AddressRange })
  | (FilterBase & { readonly type: 'target'; readonly targetIndex: number });

/** Filters that only the operations set can decide, page by page. */
export type OperationsFilter =
  | (FilterBase & { readonly type: 'anon' | 'active' | 'young' | 'unmapped' })
  | (FilterBase & { readonly type: 'memcg'; readonly memcgPath: string })
  | (FilterBase & { readonly type: 'hugepage_size'; readonly sizeBytes: BoundRange });

/** Filters of both layers, in one list; each layer goes by the order of its own (spec 5.6). */
export type Filter = CoreFilter | OperationsFilter;

/** Where migrated pages go: a node and its share. */
export interface Destination {
  readonly nid: number;
  readonly weight: number;
}

/** What to look for and what to do with it (spec section 5). */
export interface Scheme {
  readonly action: Action;
  readonly pattern: AccessPattern;
  /** 0: once in each aggregation interval. */
  readonly applyIntervalUs: number;
  readonly quota: Quota;
  readonly watermarks: Watermarks;
  readonly filters: readonly Filter[];
  /** Node for `migrate_*`; -1: none. `destinations` overrides it. */
  readonly targetNid: number;
  readonly destinations: readonly Destination[];
  /** Stop applying after so many snapshots; 0: never. */
  readonly maxNrSnapshots: number;
  /** For `alloc` and `free`: a block has 2^order pages; `DEFAULT_BLOCK_ORDER` where left out. */
  readonly blockOrder?: number;
}

/** 2 MiB: what one huge page maps. */
export const DEFAULT_BLOCK_ORDER = 9;

/** All parameters of one context, each value in place. */
export interface Params {
  readonly operations: OperationsId;
  /**
   * Bytes in one unit of a core address; other than 1 only for `paddr`. Sizes of patterns and
   * quotas are then in that unit, too, as in the kernel.
   */
  readonly addrUnit: number;
  /** Smallest region in core units, a power of two; by default one page. */
  readonly minRegionSize: number;
  readonly attrs: Attrs;
  readonly targets: readonly Target[];
  readonly probes: readonly Probe[];
  readonly schemes: readonly Scheme[];
  readonly paused: boolean;
}

/** What people write: `Params` in which attributes may still be `auto`. */
export interface ParamsSpec extends Omit<Params, 'attrs'> {
  readonly attrs: AttrsSpec | 'auto';
}
