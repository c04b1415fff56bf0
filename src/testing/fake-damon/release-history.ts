/** Which Linux release brought what of DAMON (spec 12), so that the fake can be any of them. */
import type { FeatureName } from '../../kernel/features.ts';

/** A Linux release, like `6.12`. */
export type Release = `${number}.${number}`;

/** What the fake asks about its kernel: features that can be probed for, and state commands. */
export type HistoryName =
  | FeatureName
  | 'answers after the end'
  | 'bools that enable'
  | 'command clear_schemes_tried_regions'
  | 'command update_schemes_tried_regions'
  | 'command update_schemes_tried_bytes'
  | 'command commit_schemes_quota_goals'
  | 'command update_schemes_effective_quotas'
  | 'command update_tuned_intervals';

/** Release → what it added; what is in none of them is older than 6.1. */
const ADDED: readonly (readonly [Release, readonly HistoryName[]])[] = [
  [
    '6.2',
    [
      'tried_regions',
      'command update_schemes_tried_regions',
      'command clear_schemes_tried_regions',
    ],
  ],
  ['6.3', ['filters', 'filter type anon', 'filter type memcg']],
  [
    '6.6',
    ['tried_bytes', 'command update_schemes_tried_bytes', 'filter type addr', 'filter type target'],
  ],
  ['6.7', ['apply_interval_us']],
  ['6.8', ['goals', 'command commit_schemes_quota_goals']],
  [
    '6.9',
    [
      ...(['effective_bytes', 'goal metric user_input', 'goal metric some_mem_psi_us'] as const),
      'command update_schemes_effective_quotas',
    ],
  ],
  ['6.10', ['filter type young']],
  ['6.11', ['target_nid', 'action migrate_hot', 'action migrate_cold']],
  ['6.14', ['sz_ops_filter_passed', 'allow filters']],
  [
    '6.15',
    [
      ...(['intervals_goal', 'core_filters', 'ops_filters', 'filter type active'] as const),
      ...(['filter type hugepage_size', 'filter type unmapped'] as const),
      'command update_tuned_intervals',
    ],
  ],
  ['6.16', ['goal nid', 'goal metric node_mem_used_bp', 'goal metric node_mem_free_bp']],
  ['6.17', ['module damon_stat', 'refresh_ms', 'dests']],
  ['6.18', ['addr_unit']],
  [
    '6.19',
    [
      ...(['obsolete_target', 'goal path', 'goal metric node_memcg_used_bp'] as const),
      'goal metric node_memcg_free_bp',
    ],
  ],
  ['7.0', ['max_nr_snapshots', 'goal metric active_mem_bp', 'goal metric inactive_mem_bp']],
  [
    '7.2',
    [
      ...(['goal_tuner', 'fail_charge', 'pause', 'goal metric node_eligible_mem_bp'] as const),
      ...(['action collapse', 'probes'] as const),
    ],
  ],
  // What a slot answers without a kdamond, and the words for yes and no, differ between 6.12 and
  // 7.3, as seen on both.
  ['7.3', ['probe weights', 'answers after the end', 'bools that enable']],
];

const addedIn = new Map(
  ADDED.flatMap(([release, names]) => names.map((name) => [name, release] as const)),
);

/** Whether a kernel of `release` has it. */
export function releaseHas(release: Release, name: HistoryName): boolean {
  const added = addedIn.get(name);
  return added === undefined || order(added) <= order(release);
}

function order(release: Release): number {
  const [major, minor] = release.split('.').map(Number);
  return major! * 1000 + minor!;
}
