import { type MergeRules, mergeRegions, mergeTarget } from '../../src/core/merge.ts';
import { RegionTable } from '../../src/core/region-table.ts';
import { setRegions } from '../../src/core/set-regions.ts';
import {
  enforceMinNrRegions,
  regionSizeLimit,
  type SplitHistory,
  splitRegions,
  splitTarget,
} from '../../src/core/split.ts';
import type { RegionTuple } from './format.ts';
import type { UnitCheck } from './unit-checks.ts';
import { VectorRandom } from './vector-random.ts';

export function tableOf(tuples: readonly RegionTuple[]): RegionTable {
  const regions = new RegionTable();
  for (const [row, [start, end, nrAccesses, lastNrAccesses, age]] of tuples.entries()) {
    regions.append(start, end);
    regions.nrAccesses[row] = nrAccesses;
    regions.lastNrAccesses[row] = lastNrAccesses;
    regions.age[row] = age;
  }
  return regions;
}

export function tuplesOf(regions: RegionTable): number[][] {
  return Array.from({ length: regions.nr }, (_, row) => [
    regions.start[row]!,
    regions.end[row]!,
    regions.nrAccesses[row]!,
    regions.lastNrAccesses[row]!,
    regions.age[row]!,
  ]);
}

const pairs = (ranges: readonly [number, number][]) =>
  ranges.map(([start, end]) => ({ start, end }));

function mergeRules(sizeLimit: number, rest: Partial<MergeRules> = {}): MergeRules {
  return {
    sizeLimit,
    maxNrRegions: Infinity,
    maxThreshold: 0,
    weights: null,
    ...rest,
  };
}

/** A sequence of splits goes on with what the step before has left behind. */
let sequenceHistory: SplitHistory = { lastNrRegions: 0, rotation: 0 };

export const regionChecks: readonly UnitCheck[] = [
  {
    keys: ['raw_limit', 'min_nr_regions'],
    run: ({ in: tuples, min_nr_regions, min_region_sz }) => {
      const regions = tableOf(tuples);
      return {
        raw_limit: regionSizeLimit(regions.totalSize(), min_nr_regions, min_region_sz),
        limit: enforceMinNrRegions([regions], min_nr_regions, min_region_sz),
        out: tuplesOf(regions),
      };
    },
  },
  {
    keys: ['nr_subs', 'seed_after'],
    run: ({ in: tuples, nr_subs, min_region_sz, seed }) => {
      const regions = tableOf(tuples);
      const random = new VectorRandom(seed);
      splitTarget(regions, nr_subs, min_region_sz, random);
      return { out: tuplesOf(regions), seed_after: random.state };
    },
  },
  {
    keys: ['step', 'max_nr_regions', 'seed_after'],
    run: ({ step, in: targets, max_nr_regions, seed }) => {
      if (step === 0) sequenceHistory = { lastNrRegions: 0, rotation: 0 };
      const tables: RegionTable[] = targets.map(tableOf);
      const random = new VectorRandom(seed);
      splitRegions(tables, max_nr_regions, 4096, random, sequenceHistory);
      return { out: tables.map(tuplesOf), seed_after: random.state };
    },
  },
  {
    keys: ['thres', 'count_age'],
    run: ({ in: tuples, thres, sz_limit, count_age }) => {
      const regions = tableOf(tuples);
      mergeTarget(regions, thres, count_age === 1, mergeRules(sz_limit));
      return { out: tuplesOf(regions) };
    },
  },
  {
    keys: ['thres', 'max_nr_regions'],
    run: ({ in: targets, thres, sz_limit, max_nr_regions, sample_us, aggr_us }) => {
      const tables: RegionTable[] = targets.map(tableOf);
      const maxThreshold = Math.floor(aggr_us / sample_us);
      const rules = mergeRules(sz_limit, { maxNrRegions: max_nr_regions, maxThreshold });
      mergeRegions(tables, thres, rules);
      return { out: tables.map(tuplesOf) };
    },
  },
  {
    keys: ['ranges', 'err'],
    run: ({ in: tuples, ranges, min_region_sz }) => {
      const regions = tableOf(tuples);
      const done = setRegions(regions, pairs(ranges), min_region_sz);
      return { err: done ? 0 : -22, out: tuplesOf(regions) };
    },
  },
];
