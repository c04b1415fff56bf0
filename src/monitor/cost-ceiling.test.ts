import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { samplesPerAggregation } from '../core/attrs.ts';
import type { Attrs } from '../params/types.ts';
import { CostCeiling, shortestSampleIntervalUs, stretchAttrs } from './cost-ceiling.ts';

const SECOND_US = 1_000_000;

const attrs: Attrs = {
  sampleIntervalUs: 5000,
  aggregationIntervalUs: 100_000,
  operationsUpdateIntervalUs: 60_000_000,
  intervalsGoal: { accessBp: 0, aggregations: 0, minSampleIntervalUs: 0, maxSampleIntervalUs: 0 },
  minNrRegions: 10,
  maxNrRegions: 1000,
};
const tuned: Attrs = {
  ...attrs,
  intervalsGoal: {
    accessBp: 400,
    aggregations: 3,
    minSampleIntervalUs: 5000,
    maxSampleIntervalUs: 10_000_000,
  },
};

/** A monitor as a ceiling sees it: a fake clock, and a constant cost for each tick. */
class CostModel {
  readonly ceiling = new CostCeiling();
  tickCpuUs: number;
  clearUs = 0;
  nowUs = 0;
  cpuUs = 0;
  attrs: Attrs;
  readonly asked: Attrs;

  constructor(asked: Attrs, tickCpuUs: number) {
    this.asked = asked;
    this.attrs = asked;
    this.tickCpuUs = tickCpuUs;
    this.ceiling.begin(0, 0);
  }

  /** Goes through `count` aggregation intervals. */
  aggregate(count: number): this {
    for (let nr = 0; nr < count; nr++) {
      const samples = samplesPerAggregation(this.attrs);
      this.nowUs += samples * this.attrs.sampleIntervalUs;
      this.cpuUs += samples * this.tickCpuUs;
      for (let sample = 0; sample < samples; sample++) this.ceiling.addClearing(this.clearUs);
      const { sampleIntervalUs } = this.attrs;
      const askedIntervalUs = shortestSampleIntervalUs(this.asked);
      const changed = this.ceiling.update({ ...this, sampleIntervalUs, askedIntervalUs });
      if (changed) {
        this.attrs = stretchAttrs(this.asked, this.ceiling.leastIntervalUs, sampleIntervalUs);
      }
    }
    return this;
  }

  get share(): number {
    return this.tickCpuUs / this.attrs.sampleIntervalUs;
  }
}

describe('the CPU ceiling', () => {
  test('leaves intervals alone while monitoring is cheap', () => {
    const model = new CostModel(attrs, 49).aggregate(100);
    expect(model.attrs).toEqual(attrs);
    expect(model.ceiling.leastIntervalUs).toBe(0);
    expect(model.ceiling.warnings()).toEqual([]);
  });

  test('stretches both intervals at once, to 80 % of the ceiling', () => {
    const model = new CostModel(attrs, 100).aggregate(10);
    expect(model.attrs.sampleIntervalUs).toBe(12_500);
    expect(model.attrs.aggregationIntervalUs).toBe(250_000);
    expect(model.ceiling.cpuShare(model.nowUs, model.cpuUs)).toBe(0.02);
  });

  test('decides nothing before a second is over, nor on what was used before the beginning', () => {
    const model = new CostModel(attrs, 100);
    model.cpuUs = 5 * SECOND_US;
    model.ceiling.begin(0, model.cpuUs);
    expect(model.aggregate(9).attrs).toEqual(attrs);
    expect(model.aggregate(1).attrs.sampleIntervalUs).toBe(12_500);
  });

  test('recovers when the load falls, by half at most in one period', () => {
    const model = new CostModel(attrs, 400).aggregate(10);
    expect(model.attrs.sampleIntervalUs).toBe(50_000);
    model.tickCpuUs = 1;
    expect(model.aggregate(1).attrs.sampleIntervalUs).toBe(25_000);
    expect(model.aggregate(40).attrs).toEqual(attrs);
    expect(model.ceiling.leastIntervalUs).toBe(0);
  });

  test('does not swing: a share between half the ceiling and the ceiling stays', () => {
    const model = new CostModel(attrs, 400).aggregate(10);
    model.tickCpuUs = 260;
    expect(model.aggregate(50).attrs.sampleIntervalUs).toBe(50_000);
  });

  test('says so when 64 times is not enough, and goes on', () => {
    const model = new CostModel(attrs, 5000).aggregate(20);
    expect(model.attrs.sampleIntervalUs).toBe(320_000);
    expect(model.ceiling.warnings()).toEqual([
      'Monitoring still costs too much (1.6 % of one CPU, the ceiling is 1 %) with the sampling ' +
        'interval stretched 64 times; ask for a longer one, or for fewer regions or processes.',
    ]);
    model.tickCpuUs = 100;
    expect(model.aggregate(20).ceiling.warnings()).toEqual([]);
  });

  test('the share of the running period shows once that is a second old', () => {
    const ceiling = new CostCeiling();
    ceiling.begin(0, 0);
    expect(ceiling.cpuShare(SECOND_US / 2, 400_000)).toBe(0);
    expect(ceiling.cpuShare(2 * SECOND_US, 400_000)).toBe(0.2);
  });
});

describe('the ceiling on clearing', () => {
  test('keeps clearing under 1 % of wall time', () => {
    const model = new CostModel(attrs, 0);
    model.clearUs = 100;
    model.aggregate(10);
    expect(model.attrs.sampleIntervalUs).toBe(12_500);
  });

  test('clears as rarely as it can, and says so, when one clearing takes over 20 ms', () => {
    const model = new CostModel(attrs, 0);
    model.clearUs = 25_000;
    model.aggregate(10);
    expect(model.attrs.sampleIntervalUs).toBe(320_000);
    expect(model.ceiling.warnings()).toEqual([
      'Clearing referenced bits takes 25 ms each time, more than 20 ms, and delays the watched ' +
        'processes; watch fewer or smaller ones.',
    ]);
  });
});

describe('with interval auto-tuning', () => {
  test('the lower bound of tuning is stretched, and tuning goes on from where it was', () => {
    expect(stretchAttrs(tuned, 20_000, 40_000)).toEqual({
      ...tuned,
      sampleIntervalUs: 40_000,
      aggregationIntervalUs: 800_000,
      intervalsGoal: { ...tuned.intervalsGoal, minSampleIntervalUs: 20_000 },
    });
    expect(stretchAttrs(tuned, 20_000, 5000).sampleIntervalUs).toBe(20_000);
  });

  test('never beyond the upper bound of tuning', () => {
    const goal = { ...tuned.intervalsGoal, maxSampleIntervalUs: 30_000 };
    const stretched = stretchAttrs({ ...tuned, intervalsGoal: goal }, 50_000);
    expect(stretched.sampleIntervalUs).toBe(30_000);
    expect(stretched.intervalsGoal.minSampleIntervalUs).toBe(30_000);
  });
});

describe('for any constant cost of a tick', () => {
  const anyAttrs = fc
    .record({
      sampleIntervalUs: fc.integer({ min: 100, max: 1_000_000 }),
      samples: fc.integer({ min: 1, max: 100 }),
      extraUs: fc.integer({ min: 0, max: 99 }),
    })
    .map(({ sampleIntervalUs, samples, extraUs }) => ({
      ...attrs,
      sampleIntervalUs,
      aggregationIntervalUs: sampleIntervalUs * samples + extraUs,
    }));

  test('the share comes under the ceiling and the interval stays, never below the asked one', () => {
    fc.assert(
      fc.property(anyAttrs, fc.double({ min: 0, max: 0.64, noNaN: true }), (asked, share) => {
        const model = new CostModel(asked, asked.sampleIntervalUs * share);
        const periods = 3;
        const windowUs = samplesPerAggregation(asked) * asked.sampleIntervalUs;
        model.aggregate(periods * Math.ceil(1e6 / windowUs));
        expect(model.share).toBeLessThanOrEqual(0.01 + 1e-9);
        expect(model.attrs.sampleIntervalUs).toBeGreaterThanOrEqual(asked.sampleIntervalUs);
        expect(samplesPerAggregation(model.attrs)).toBe(samplesPerAggregation(asked));
        const settled = model.attrs;
        expect(model.aggregate(50).attrs).toEqual(settled);
      }),
      { numRuns: 100 },
    );
  });
});
