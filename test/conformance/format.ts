/** The shapes of `docs/vector-format.md`. */

/** Numbers beyond 2^53 - 1 are texts; in scenarios "max" is 2^64 - 1 and "umax" 2^32 - 1. */
export type VectorNumber = number | string;

/** [start, end, nr_accesses, last_nr_accesses, age] and, with probes, their four hits. */
export type RegionTuple = [number, number, number, number, number, number[]?];

export interface VectorQuota {
  ms: number;
  sz: VectorNumber;
  reset_ms: VectorNumber;
  w: [number, number, number];
  tuner: 0 | 1;
  fail: [number, number];
}

export interface VectorFilter {
  type: string;
  matching: 0 | 1;
  allow: 0 | 1;
  args: number[];
}

export interface VectorScheme {
  action: string;
  pattern: Record<'sz' | 'nr' | 'age', [VectorNumber, VectorNumber]>;
  apply_us: number;
  quota: VectorQuota;
  wmark?: [number, number, number, number, number];
  filters?: VectorFilter[];
  goals?: { metric: string; target: number; current: number; nid?: number; memcg_id?: number }[];
  maxsnap?: number;
}

/** What a scenario and the source of a commit have in common. */
export interface VectorContext {
  attrs: { sample: number; aggr: number; update: number; min: number; max: number };
  goal: [number, number, number, number] | null;
  min_region_sz?: number;
  addr_unit?: number;
  targets: { regions: [number, number][]; obsolete?: number }[];
  schemes: VectorScheme[];
  probes?: { weight: number; filters: [string, 0 | 1, 0 | 1, number?][] }[];
}

export interface AccessRule {
  target: number;
  start: number;
  end: number;
  from_us: number;
  to_us: number;
  permil: number;
  period_us: number;
}

export interface PageRange {
  start: number;
  end: number;
  anon?: number;
  active?: number;
  memcg?: number;
  young?: number;
  fsz?: number;
  mapped?: number;
  nid?: number;
}

export interface Scenario extends VectorContext {
  name: string;
  seed: number;
  run: number;
  trace: number;
  post: number;
  min_region_sz: number;
  addr_unit: number;
  access: AccessRule[];
  pages: PageRange[];
  series: [string, number, number][];
  updates: [number, number, number, number][];
  events: [number, string, ...number[]][];
  commits: VectorContext[];
  applied_permil: number;
  cost_ns_per_page: number;
}
