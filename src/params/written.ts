import { ThermoclineError } from '../base/errors.ts';
import { show } from './closest.ts';
import { DEFAULT_ATTRS, minRegionSizeFor, NO_INTERVALS_GOAL } from './defaults.ts';
import { durationOf, percentOf, shareOf } from './quantities.ts';
import type { WrittenGoal, WrittenParams, WrittenRange, WrittenScheme } from './schema.ts';
import type { AttrsSpec, Bound, BoundRange, Goal, ParamsSpec, Scheme } from './types.ts';

/** Turns what people wrote into the tree for all else: the last texts become numbers. */
export function specOf(written: WrittenParams): ParamsSpec {
  const { operations, addrUnit } = written;
  const attrs: AttrsSpec | 'auto' =
    written.attrs === 'auto'
      ? 'auto'
      : { ...written.attrs, intervalsGoal: written.attrs.intervalsGoal ?? NO_INTERVALS_GOAL };
  return {
    ...written,
    minRegionSize: written.minRegionSize ?? minRegionSizeFor(operations, addrUnit),
    attrs,
    targets: written.targets ?? (operations === 'paddr' ? [{ regions: [], obsolete: false }] : []),
    schemes: written.schemes.map((scheme, index) => schemeOf(scheme, attrs, `schemes[${index}]`)),
  };
}

function schemeOf(scheme: WrittenScheme, attrs: AttrsSpec | 'auto', path: string): Scheme {
  const { pattern, quota } = scheme;
  return {
    ...scheme,
    pattern: {
      sizeBytes: pattern.sizeBytes,
      nrAccesses: nrAccessesOf(pattern.nrAccesses, attrs),
      age: ageOf(pattern.age, attrs, `${path}.pattern.age`),
    },
    quota: {
      ...quota,
      goals: quota.goals.map((goal, index) => goalOf(goal, `${path}.quota.goals[${index}]`)),
    },
  };
}

/** Rounds inwards, so that exactly the whole counts within the written range stay in it. */
function rangeOf(range: WrittenRange, exact: (text: string) => number): BoundRange {
  const bound = (written: Bound | string, round: (value: number) => number): Bound =>
    typeof written === 'number' || written === 'max' ? written : round(exact(written));
  return { min: bound(range.min, Math.ceil), max: bound(range.max, Math.floor) };
}

/** Tuning of the intervals keeps the number of samples in a window, so a share of it stays true. */
function nrAccessesOf(range: WrittenRange, attrs: AttrsSpec | 'auto'): BoundRange {
  const { sampleIntervalUs, aggregationIntervalUs } = attrs === 'auto' ? DEFAULT_ATTRS : attrs;
  const samples = Math.floor(aggregationIntervalUs / Math.max(sampleIntervalUs, 1));
  return rangeOf(range, (text) => percentOf(text, samples)!);
}

function ageOf(range: WrittenRange, attrs: AttrsSpec | 'auto', path: string): BoundRange {
  const timed = [range.min, range.max].find(
    (bound) => typeof bound === 'string' && bound !== 'max',
  );
  if (timed === undefined) return rangeOf(range, Number);
  const tuned =
    attrs === 'auto' || attrs.intervalsGoal === 'auto' || attrs.intervalsGoal.aggregations !== 0;
  if (tuned) {
    throw new ThermoclineError(
      'TC_INVALID',
      `${path} has ${show(timed)}, but the aggregation interval is tuned while monitoring, so no ` +
        'number of intervals is that time; write a number of intervals, or fixed attrs.',
    );
  }
  const intervalUs = Math.max(attrs.aggregationIntervalUs, 1);
  return rangeOf(range, (text) => durationOf(text, 1)! / intervalUs);
}

/** The target of a goal is in the unit that its metric's name ends with. */
function goalOf(goal: WrittenGoal, path: string): Goal {
  const { targetValue } = goal;
  if (typeof targetValue === 'number') return { ...goal, targetValue };
  let value: number | undefined;
  if (goal.metric.endsWith('_bp')) value = shareOf(targetValue, 10_000);
  if (goal.metric.endsWith('_us')) value = durationOf(targetValue, 1);
  if (value !== undefined) return { ...goal, targetValue: value };
  throw new ThermoclineError(
    'TC_INVALID',
    `${path}.targetValue is ${show(targetValue)}, which does not fit the metric ${goal.metric}; ` +
      'write a whole number in its unit, a share like "99.5 %" for bp or a time like "10ms" for us.',
  );
}
