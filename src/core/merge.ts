import { weightedAverage } from '../base/arithmetic.ts';
import { weightedHits } from './probes.ts';
import { MAX_NR_PROBES, type RegionTable } from './region-table.ts';

/** What a merge pass goes by, the same for all targets of a context. */
export interface MergeRules {
  /** No merged region gets larger, in core units. */
  readonly sizeLimit: number;
  readonly maxNrRegions: number;
  /** Samples in an aggregation interval: no difference of counts is larger. */
  readonly maxThreshold: number;
  /** Weights of probes when attributes are what is watched; null for accesses. */
  readonly weights: readonly number[] | null;
}

/**
 * Ages all regions and merges neighbours that differ by at most `threshold`. While more than
 * `maxNrRegions` are left, it merges again with a coarser threshold (spec 4.4).
 */
export function mergeRegions(
  tables: readonly RegionTable[],
  threshold: number,
  rules: MergeRules,
): void {
  const { maxThreshold } = rules;
  for (let countAge = true; ; countAge = false) {
    let nr = 0;
    for (const regions of tables) {
      mergeTarget(regions, threshold, countAge, rules);
      nr += regions.nr;
    }
    if (nr <= rules.maxNrRegions || threshold >= maxThreshold) return;
    threshold =
      threshold < Math.floor(maxThreshold / 2) ? Math.max(1, 2 * threshold) : maxThreshold;
  }
}

/** One merge pass over one target, in place (spec 4.4, "merge target"). */
export function mergeTarget(
  regions: RegionTable,
  threshold: number,
  countAge: boolean,
  rules: MergeRules,
): void {
  const { start, end, nrAccesses, lastNrAccesses, age, nr } = regions;
  const { sizeLimit, weights } = rules;
  let kept = -1;
  let keptScore = 0;
  for (let row = 0; row < nr; row++) {
    const score =
      weights === null ? nrAccesses[row]! : weightedHits(regions.probeHits, row, weights);
    if (countAge) {
      const last =
        weights === null ? lastNrAccesses[row]! : weightedHits(regions.lastProbeHits, row, weights);
      const changed = Math.abs(score - last) > threshold || (score === 0) !== (last === 0);
      age[row] = changed ? 0 : age[row]! + 1;
    }
    if (
      kept !== -1 &&
      end[kept] === start[row] &&
      Math.abs(score - keptScore) <= threshold &&
      end[row]! - start[kept]! <= sizeLimit
    ) {
      absorb(regions, kept, row);
      keptScore =
        weights === null ? nrAccesses[kept]! : weightedHits(regions.probeHits, kept, weights);
    } else {
      kept += 1;
      keptScore = score;
      if (kept !== row) regions.copyRow(row, kept);
    }
  }
  regions.nr = kept + 1;
}

/** Extends `left` over `right`; counts and age become averages by size, the last window's stay. */
function absorb(regions: RegionTable, left: number, right: number): void {
  const { start, end, nrAccesses, age, probeHits } = regions;
  const leftSize = end[left]! - start[left]!;
  const rightSize = end[right]! - start[right]!;
  nrAccesses[left] = average(nrAccesses[left]!, leftSize, nrAccesses[right]!, rightSize);
  age[left] = average(age[left]!, leftSize, age[right]!, rightSize);
  for (let probe = 0; probe < regions.hitsPerRow; probe++) {
    const hit = left * MAX_NR_PROBES + probe;
    const other = right * MAX_NR_PROBES + probe;
    probeHits[hit] = average(probeHits[hit]!, leftSize, probeHits[other]!, rightSize);
  }
  end[left] = end[right]!;
}

/** Equal values are by far the most frequent and need no division. */
function average(a: number, sizeA: number, b: number, sizeB: number): number {
  return a === b && a * (sizeA + sizeB) <= Number.MAX_SAFE_INTEGER
    ? a
    : weightedAverage(a, sizeA, b, sizeB);
}
