/** What this kernel's DAMON has, found out by looking for files and words, never by versions. */
import {
  type Filter,
  GOAL_METRICS,
  type GoalMetric,
  KERNEL_ACTIONS,
  type KernelAction,
  OPERATIONS_IDS,
  type OperationsId,
} from '../params/types.ts';
import { DAMON_MODULES, type DamonModule } from './modules.ts';
import {
  readValue,
  requireDamon,
  type SysfsFiles,
  type SysfsReader,
  slotIndexes,
  slotPath,
} from './sysfs-files.ts';

/** Feature → the files of a slot of which any shows it. */
const FILES = {
  refresh_ms: ['refresh_ms'],
  addr_unit: ['contexts/0/addr_unit'],
  pause: ['contexts/0/pause'],
  intervals_goal: ['contexts/0/monitoring_attrs/intervals/intervals_goal/aggrs'],
  probes: ['contexts/0/monitoring_attrs/probes/nr_probes'],
  'probe weights': ['contexts/0/monitoring_attrs/probes/0/weight'],
  obsolete_target: ['contexts/0/targets/0/obsolete_target'],
  apply_interval_us: ['contexts/0/schemes/0/apply_interval_us'],
  target_nid: ['contexts/0/schemes/0/target_nid'],
  dests: ['contexts/0/schemes/0/dests/nr_dests'],
  filters: ['contexts/0/schemes/0/filters/nr_filters'],
  core_filters: ['contexts/0/schemes/0/core_filters/nr_filters'],
  ops_filters: ['contexts/0/schemes/0/ops_filters/nr_filters'],
  'allow filters': [
    'contexts/0/schemes/0/filters/0/allow',
    'contexts/0/schemes/0/ops_filters/0/allow',
  ],
  goals: ['contexts/0/schemes/0/quotas/goals/nr_goals'],
  'goal nid': ['contexts/0/schemes/0/quotas/goals/0/nid'],
  'goal path': ['contexts/0/schemes/0/quotas/goals/0/path'],
  goal_tuner: ['contexts/0/schemes/0/quotas/goal_tuner'],
  fail_charge: ['contexts/0/schemes/0/quotas/fail_charge_denom'],
  effective_bytes: ['contexts/0/schemes/0/quotas/effective_bytes'],
  tried_regions: ['contexts/0/schemes/0/tried_regions'],
  tried_bytes: ['contexts/0/schemes/0/tried_regions/total_bytes'],
  sz_ops_filter_passed: ['contexts/0/schemes/0/stats/sz_ops_filter_passed'],
  max_nr_snapshots: ['contexts/0/schemes/0/stats/max_nr_snapshots'],
} as const;

const FILTER_TYPES: readonly Filter['type'][] = [
  ...(['anon', 'active', 'memcg', 'young', 'hugepage_size', 'unmapped', 'addr', 'target'] as const),
];

const FILTER_FOLDERS = ['filters', 'ops_filters', 'core_filters'] as const;

export type FeatureName =
  | keyof typeof FILES
  | `module ${DamonModule}`
  | `operations ${OperationsId}`
  | `action ${KernelAction}`
  | `goal metric ${GoalMetric}`
  | `filter type ${Filter['type']}`;

/** One thing that a kernel may have. */
export interface Feature {
  readonly name: FeatureName;
  /** Null: nothing that could be looked at tells. */
  readonly present: boolean | null;
  /** How that was found, in a few words. */
  readonly how: string;
}

export type Features = ReadonlyMap<FeatureName, Feature>;

/** A keyword, and the files of a slot that take it where the kernel knows it. */
interface Keyword {
  readonly name: FeatureName;
  readonly text: string;
  readonly files: readonly string[];
}

const SCHEME = 'contexts/0/schemes/0';

const KEYWORDS: readonly Keyword[] = [
  ...KERNEL_ACTIONS.map((text) => ({
    name: `action ${text}` as const,
    text,
    files: [`${SCHEME}/action`],
  })),
  ...GOAL_METRICS.map((text) => ({
    name: `goal metric ${text}` as const,
    text,
    files: [`${SCHEME}/quotas/goals/0/target_metric`],
  })),
  ...FILTER_TYPES.map((text) => ({
    name: `filter type ${text}` as const,
    text,
    files: FILTER_FOLDERS.map((name) => `${SCHEME}/${name}/0/type`),
  })),
];

/** Lists that have to have an entry before its files can be seen; outer ones first. */
const LISTS: readonly string[] = [
  'contexts/nr_contexts',
  'contexts/0/monitoring_attrs/probes/nr_probes',
  'contexts/0/targets/nr_targets',
  'contexts/0/schemes/nr_schemes',
  `${SCHEME}/quotas/goals/nr_goals`,
  ...FILTER_FOLDERS.map((name) => `${SCHEME}/${name}/nr_filters`),
];

/**
 * Reads only. What shows in no slot that exists, and all words but those of operations sets, stay
 * unknown; `probeOwnSlot` finds those too.
 */
export function readFeatures(files: SysfsReader): Features {
  requireDamon(files);
  const slots = slotIndexes(files);
  const found: Feature[] = [
    ...modules(files),
    ...operations(files, slots),
    ...Object.entries(FILES).map(([name, places]) => {
      const found = places.map((file) => fileFeature(files, slots, name as FeatureName, file));
      return found.find(({ present }) => present) ?? found[0]!;
    }),
    ...KEYWORDS.map(({ name, files: places }) => keywordByPlace(files, slots, name, places)),
  ];
  return new Map(found.map((feature) => [feature.name, feature]));
}

/**
 * Finds out everything, with a set-up in `slot` that is never started and is removed at the end.
 * The slot must be the caller's own and off: what it holds is lost.
 */
export async function probeOwnSlot(files: SysfsFiles, slot: number): Promise<Features> {
  try {
    for (const list of LISTS) {
      const path = slotPath(slot, list);
      if (files.exists(path)) await files.write(path, '1');
    }
    const features = new Map(readFeatures(files));
    for (const keyword of KEYWORDS) {
      const feature = await tryKeyword(files, slot, keyword);
      if (feature) features.set(feature.name, feature);
    }
    return features;
  } finally {
    await files.write(slotPath(slot, 'contexts/nr_contexts'), '0');
  }
}

/** Whether the kernel has it; null when that is unknown. */
export function hasFeature(features: Features, name: FeatureName): boolean | null {
  return features.get(name)?.present ?? null;
}

async function tryKeyword(
  files: SysfsFiles,
  slot: number,
  { name, text, files: places }: Keyword,
): Promise<Feature | null> {
  const paths = places.map((place) => slotPath(slot, place)).filter((path) => files.exists(path));
  for (const path of paths) {
    try {
      await files.write(path, text);
      return { name, present: true, how: `${path} takes the word` };
    } catch {
      // Each kind of list takes the words of its own layer only, so the next one decides.
    }
  }
  const last = paths.at(-1);
  return last === undefined ? null : { name, present: false, how: `${last} refuses the word` };
}

/**
 * Whether a file is there in any slot. A number that is missing on the way says nothing, since
 * nobody has made such a folder; a name that is missing says that the kernel has none.
 */
function fileFeature(
  files: SysfsReader,
  slots: readonly number[],
  name: FeatureName,
  file: string,
): Feature {
  for (const slot of slots) {
    const parts = file.split('/');
    let path = slotPath(slot);
    let missing: string | undefined;
    for (const part of parts) {
      path = `${path}/${part}`;
      if (!files.exists(path)) {
        missing = part;
        break;
      }
    }
    if (missing === undefined) return { name, present: true, how: `${path} exists` };
    if (!/^\d+$/.test(missing)) return { name, present: false, how: `${path} does not exist` };
  }
  return { name, present: null, how: `no slot has a set-up that would show ${file}` };
}

/** A word is certainly unknown where no file that would take it exists. */
function keywordByPlace(
  files: SysfsReader,
  slots: readonly number[],
  name: FeatureName,
  places: readonly string[],
): Feature {
  const found = places.map((place) => fileFeature(files, slots, name, place));
  if (found.every(({ present }) => present === false)) return found[0]!;
  return { name, present: null, how: 'shown only by writing the word to a slot of our own' };
}

function operations(files: SysfsReader, slots: readonly number[]): Feature[] {
  const path = slots
    .map((slot) => slotPath(slot, 'contexts/0/avail_operations'))
    .find((candidate) => files.exists(candidate));
  const words = path === undefined ? undefined : readValue(files, path).split('\n');
  return OPERATIONS_IDS.map((id) => ({
    name: `operations ${id}`,
    present: words?.includes(id) ?? null,
    how: path === undefined ? 'no slot has a set-up that would show it' : `${path} lists the sets`,
  }));
}

function modules(files: SysfsReader): Feature[] {
  return DAMON_MODULES.map((module) => {
    const path = `module/${module}/parameters/enabled`;
    const present = files.exists(path);
    return {
      name: `module ${module}`,
      present,
      how: `${path} ${present ? 'exists' : 'does not exist'}`,
    };
  });
}
