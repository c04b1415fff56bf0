/**
 * DAMON_RECLAIM as the kernel has it, with the defaults of its module (spec 9.1), its pressure goal
 * and interval auto-tuning on. Two things are better than the module's own defaults, for what the
 * others may do, it may, too: its watermarks are open, or it would stop at half of memory free; and
 * its age stays two minutes when the intervals are tuned, where the module counts it in intervals.
 */
import { patternLimits } from '../../../src/core/schemes/access-pattern.ts';
import { Simulation } from '../../../src/monitor/simulation.ts';
import { NO_QUOTA, NO_WATERMARKS } from '../../../src/params/defaults.ts';
import type { Attrs, Params, Scheme } from '../../../src/params/types.ts';
import type { Policy } from '../policy.ts';

/** What of it users turn. */
export interface DamonReclaimKnobs {
  readonly minAgeUs: number;
  /** Stall in a second that it aims at. */
  readonly pressureUs: number;
}

/** The pressure is a thousandth of the time, as in the examples of the kernel's developers. */
const DEFAULTS: DamonReclaimKnobs = { minAgeUs: 120_000_000, pressureUs: 1000 };

const ATTRS: Attrs = {
  sampleIntervalUs: 5000,
  aggregationIntervalUs: 100_000,
  operationsUpdateIntervalUs: 0,
  intervalsGoal: {
    accessBp: 40,
    aggregations: 3,
    minSampleIntervalUs: 5000,
    maxSampleIntervalUs: 10_000_000,
  },
  minNrRegions: 10,
  maxNrRegions: 1000,
};

/** The module on all memory of the machine. */
export function damonReclaim(knobs: DamonReclaimKnobs = DEFAULTS): Policy {
  return {
    start({ scenario }) {
      const bytes = scenario.nodes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const paramsFor = (attrs: Attrs): Params => ({
        operations: 'paddr',
        addrUnit: 1,
        minRegionSize: 4096,
        attrs,
        targets: [{ regions: [{ start: 0, end: bytes }], obsolete: false }],
        probes: [],
        schemes: [scheme(knobs, attrs.aggregationIntervalUs)],
        paused: false,
      });
      const simulation = new Simulation({
        scenario,
        seed: scenario.seed,
        params: paramsFor(ATTRS),
      });
      let keptFor = ATTRS.aggregationIntervalUs;
      return {
        machine: simulation.machine,
        advance(durationUs) {
          simulation.runFor(durationUs);
          const { attrs } = simulation.driver.kdamond.params;
          if (attrs.aggregationIntervalUs === keptFor) return;
          keptFor = attrs.aggregationIntervalUs;
          // Not by a commit: that begins the goal on pressure anew, so that it would never be fed.
          const [running] = simulation.driver.kdamond.context.schemes;
          running!.limits = patternLimits(scheme(knobs, keptFor).pattern);
        },
      };
    },
  };
}

function scheme(
  { minAgeUs, pressureUs }: DamonReclaimKnobs,
  aggregationIntervalUs: number,
): Scheme {
  return {
    action: 'pageout',
    pattern: {
      sizeBytes: { min: 4096, max: 'max' },
      nrAccesses: { min: 0, max: 0 },
      age: { min: Math.floor(minAgeUs / aggregationIntervalUs), max: 'max' },
    },
    applyIntervalUs: 0,
    quota: {
      ...NO_QUOTA,
      timeMs: 10,
      sizeBytes: 128 * 2 ** 20,
      resetIntervalMs: 1000,
      weights: { sizePermil: 0, nrAccessesPermil: 0, agePermil: 1 },
      goals: [{ metric: 'some_mem_psi_us', targetValue: pressureUs, currentValue: 0 }],
    },
    watermarks: NO_WATERMARKS,
    filters: [],
    targetNid: -1,
    destinations: [],
    maxNrSnapshots: 0,
  };
}
