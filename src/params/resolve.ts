import { AUTO_INTERVALS_GOAL, DEFAULT_ATTRS } from './defaults.ts';
import { deepFreeze } from './freeze.ts';
import type { Attrs, AttrsSpec, Params, ParamsSpec } from './types.ts';

const BYTES_PER_REGION = 512 * 1024 ** 2;

/**
 * One region for each 512 MiB, so that no region of a large machine is too coarse to tell anything.
 * Never above half the maximum: from there on the worker splits but a few regions in each window
 * (spec 4.6), and boundaries would hardly move any more.
 */
function autoMinNrRegions(monitoredBytes: number, maxNrRegions: number): number {
  const wanted = Math.max(DEFAULT_ATTRS.minNrRegions, Math.ceil(monitoredBytes / BYTES_PER_REGION));
  return Math.max(3, Math.min(wanted, Math.floor(maxNrRegions / 2)));
}

function resolveAttrs(spec: AttrsSpec, monitoredBytes: number): Attrs {
  const { sampleIntervalUs, intervalsGoal, minNrRegions } = spec;
  return {
    ...spec,
    intervalsGoal:
      intervalsGoal !== 'auto'
        ? intervalsGoal
        : {
            ...AUTO_INTERVALS_GOAL,
            // A goal whose range leaves out the interval to start with is invalid.
            minSampleIntervalUs: Math.min(
              AUTO_INTERVALS_GOAL.minSampleIntervalUs,
              sampleIntervalUs,
            ),
            maxSampleIntervalUs: Math.max(
              AUTO_INTERVALS_GOAL.maxSampleIntervalUs,
              sampleIntervalUs,
            ),
          },
    minNrRegions:
      minNrRegions === 'auto' ? autoMinNrRegions(monitoredBytes, spec.maxNrRegions) : minNrRegions,
  };
}

/**
 * Puts values where the parameters say `auto`, and freezes the result.
 * @param monitoredBytes what will be watched, in bytes; 0 when unknown
 */
export function resolveParams(spec: ParamsSpec, monitoredBytes: number): Params {
  const attrs: AttrsSpec =
    spec.attrs === 'auto'
      ? { ...DEFAULT_ATTRS, intervalsGoal: 'auto', minNrRegions: 'auto' }
      : spec.attrs;
  return deepFreeze({ ...spec, attrs: resolveAttrs(attrs, monitoredBytes) });
}
