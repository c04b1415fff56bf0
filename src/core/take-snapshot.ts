import type { Snapshot } from '../params/snapshot.ts';
import { samplesPerAggregation } from './attrs.ts';
import type { Context } from './context.ts';
import { movingSum } from './moving-sum.ts';
import { MAX_NR_PROBES } from './region-table.ts';

/**
 * Copies the regions of a context as they are now. Within a window, counts are pseudo moving sums.
 * @param windowComplete the window has just ended and its counts are not reset yet
 */
export function takeSnapshot(context: Context, windowComplete: boolean): Snapshot {
  const { attrs, addrUnit } = context;
  const nrRegions = context.nrRegions;
  const shareBp = windowComplete ? 0 : context.lastWindowShareBp();
  const windowTicks = Math.max(1, context.ticksIn(attrs.aggregationIntervalUs));
  const left = windowComplete ? 0 : Math.max(0, context.nextAggregation - context.tick);

  const targetIndex = new Uint32Array(nrRegions);
  const start = new Float64Array(nrRegions);
  const end = new Float64Array(nrRegions);
  const nrAccesses = new Uint32Array(nrRegions);
  const age = new Uint32Array(nrRegions);
  const nrProbes = context.probes.length;
  const probeHits = nrProbes === 0 ? null : new Uint32Array(nrRegions * MAX_NR_PROBES);
  let at = 0;
  for (const { regions, index } of context.targets) {
    for (let row = 0; row < regions.nr; row++, at++) {
      targetIndex[at] = index;
      start[at] = regions.start[row]! * addrUnit;
      end[at] = regions.end[row]! * addrUnit;
      nrAccesses[at] = movingSum(regions.nrAccesses[row]!, regions.lastNrAccesses[row]!, shareBp);
      age[at] = regions.age[row]!;
      for (let probe = 0; probe < nrProbes; probe++) {
        const hit = regions.probeIndex(row, probe);
        const hits = movingSum(regions.probeHits[hit]!, regions.lastProbeHits[hit]!, shareBp);
        probeHits![at * MAX_NR_PROBES + probe] = hits;
      }
    }
  }
  return {
    timeUs: context.clock.nowUs(),
    wallTimeUs: null,
    tick: context.tick,
    sampleIntervalUs: attrs.sampleIntervalUs,
    aggregationIntervalUs: attrs.aggregationIntervalUs,
    maxNrAccesses: samplesPerAggregation(attrs),
    windowSamples: Math.max(0, windowTicks - left),
    nrRegions,
    targetPids: context.targets.map(({ pid }) => pid ?? null),
    targetIndex,
    start,
    end,
    nrAccesses,
    age,
    probeHits,
    filterPassedBytes: null,
  };
}
