/** What controllers of simulated guests share: schemes for blocks, and what a snapshot tells. */
import { PAGE_SIZE, type Scenario } from '../../host/sim/index.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, NO_QUOTA } from '../../params/defaults.ts';
import type { Snapshot } from '../../params/snapshot.ts';
import type { Action, Params, Scheme } from '../../params/types.ts';
import { WINDOW_BYTES } from '../../policies/acma/observation.ts';
import { rangesOf } from './block-table.ts';

/** What is ordered happens within this time. */
export const SAMPLE_US = 100_000;
const AGGREGATION_US = 4_000_000;
/** Memory that was not accessed for so long may leave. */
const COLD_AGE_US = 60_000_000;

/** All memory of a guest is watched, and nothing is done yet. */
export function controlParams(scenario: Scenario): Params {
  const end = scenario.nodes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    operations: 'paddr',
    addrUnit: 1,
    minRegionSize: PAGE_SIZE,
    attrs: {
      ...DEFAULT_ATTRS,
      sampleIntervalUs: SAMPLE_US,
      aggregationIntervalUs: AGGREGATION_US,
    },
    targets: [{ regions: [{ start: 0, end }], obsolete: false }],
    probes: [],
    schemes: schemesFor(0, [], []),
    paused: false,
  };
}

/** Has cold memory leave, and blocks at these addresses taken and given back. */
export function schemesFor(
  reclaimBytes: number,
  take: readonly number[],
  give: readonly number[],
): Scheme[] {
  const reclaim: Scheme = {
    ...DEFAULT_SCHEME,
    action: reclaimBytes > 0 ? 'pageout' : 'stat',
    pattern: {
      sizeBytes: { min: PAGE_SIZE, max: 'max' },
      nrAccesses: { min: 0, max: 0 },
      age: { min: Math.ceil(COLD_AGE_US / AGGREGATION_US), max: 'max' },
    },
    applyIntervalUs: SAMPLE_US,
    quota: {
      ...NO_QUOTA,
      sizeBytes: reclaimBytes,
      resetIntervalMs: 1000,
      weights: { sizePermil: 0, nrAccessesPermil: 0, agePermil: 1 },
      // Free memory lies among the cold, and what can't be paged out must not use the quota up.
      failChargeNumerator: 1,
      failChargeDenominator: 4096,
    },
  };
  return [reclaim, blockScheme('alloc', take), blockScheme('free', give)];
}

function blockScheme(action: Action, addresses: readonly number[]): Scheme {
  const ranges = addresses.length === 0 ? [[0, 0] as const] : rangesOf(addresses);
  return {
    ...DEFAULT_SCHEME,
    action,
    applyIntervalUs: SAMPLE_US,
    filters: ranges.map(([start, end]) => ({
      ...{ type: 'addr', matching: true, allow: true },
      range: { start, end },
    })),
  };
}

/** Bytes outside of the taken blocks that were not accessed for long enough. */
export function coldBytesOf(snapshot: Snapshot, taken: readonly number[]): number {
  const { nrRegions, start, end, nrAccesses, age } = snapshot;
  const minAge = COLD_AGE_US / snapshot.aggregationIntervalUs;
  const holes = rangesOf(taken);
  let bytes = 0;
  for (let row = 0; row < nrRegions; row++) {
    if (nrAccesses[row] !== 0 || age[row]! < minAge) continue;
    bytes += end[row]! - start[row]!;
    for (const [from, to] of holes) {
      bytes -= Math.max(0, Math.min(end[row]!, to) - Math.max(start[row]!, from));
    }
  }
  return bytes;
}

/** Bytes of each window that were accessed lately. */
export function hotBytesByWindow(snapshot: Snapshot, nrWindows: number): Float64Array {
  const { nrRegions, start, end, nrAccesses } = snapshot;
  const hot = new Float64Array(nrWindows);
  for (let row = 0; row < nrRegions; row++) {
    if (nrAccesses[row] === 0) continue;
    const last = Math.min(nrWindows - 1, Math.floor((end[row]! - 1) / WINDOW_BYTES));
    for (let window = Math.floor(start[row]! / WINDOW_BYTES); window <= last; window++) {
      const from = Math.max(start[row]!, window * WINDOW_BYTES);
      hot[window]! += Math.min(end[row]!, (window + 1) * WINDOW_BYTES) - from;
    }
  }
  return hot;
}
