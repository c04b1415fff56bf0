/** Our field names and damo's, for messages about a damo file; the longer ones go first. */
const NAMES: readonly (readonly [ours: string, damos: string])[] = [
  ['attrs.minNrRegions', 'nr_regions.min'],
  ['attrs.maxNrRegions', 'nr_regions.max'],
  ['attrs.intervalsGoal', 'intervals.intervals_goal'],
  ['attrs.', 'intervals.'],
  ['operationsUpdateIntervalUs', 'ops_update_us'],
  ['minSampleIntervalUs', 'min_sample_us'],
  ['maxSampleIntervalUs', 'max_sample_us'],
  ['aggregationIntervalUs', 'aggr_us'],
  ['sampleIntervalUs', 'sample_us'],
  ['accessBp', 'access_bp'],
  ['addrUnit', 'addr_unit'],
  ['pattern.sizeBytes', 'access_pattern.sz_bytes'],
  ['pattern.nrAccesses', 'access_pattern.nr_accesses'],
  ['pattern.age', 'access_pattern.age'],
  ['quota.', 'quotas.'],
  ['targetValue', 'target_value'],
  ['memcgPath', 'memcg_path'],
  ['targetNid', 'target_nid'],
  ['destinations', 'dests'],
  ['.range', '.address_range'],
  ['.sizeBytes', '.hugepage_size'],
];

/** The field at our `path`, as a damo file calls it below the context at `contextPath`. */
export function damoName(contextPath: string, path: string): string {
  let name = path;
  for (const [ours, damos] of NAMES) name = name.replace(ours, damos);
  return `${contextPath}.${name}`;
}
