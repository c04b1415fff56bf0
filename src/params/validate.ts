/**
 * What the schema can't see: parts of the tree that contradict each other. The kernel refuses most
 * of it too, with a bare EINVAL (spec 7.1, 7.2, 8, 10); the rest it takes and then silently does
 * nothing.
 */
import { alignDown, alignUp, isPowerOfTwo, UINT_MAX } from '../base/arithmetic.ts';
import { ThermoclineError } from '../base/errors.ts';
import { AUTO_INTERVALS_GOAL, DEFAULT_ATTRS, minRegionSizeFor } from './defaults.ts';
import {
  type AttrsSpec,
  type BoundRange,
  type Filter,
  type Goal,
  isBlockAction,
  type ParamsSpec,
  type Probe,
  type Scheme,
  type Target,
  type Watermarks,
} from './types.ts';

/** Each region takes about 60 bytes: a slip of the pen must not eat the machine. */
const MAX_NR_REGIONS = 1_000_000;
const MAX_NR_PROBES = 4;
/** Counters of probe hits have 8 bits in the kernel. */
const MAX_WEIGHTED_SAMPLES = 255;

/** How a field is called in the file that is being read. */
export type FieldName = (path: string) => string;

/**
 * Throws `TC_INVALID` with one sentence when the parameters contradict themselves.
 * @param name for files that call fields by other names than ours
 */
export function validateParams(params: ParamsSpec, name: FieldName = (path) => path): void {
  const problem = paramsProblem(params, name);
  if (problem !== undefined) throw new ThermoclineError('TC_INVALID', problem);
}

type Problem = string | undefined;

function firstProblem<T>(items: readonly T[], check: (item: T, index: number) => Problem): Problem {
  for (const [index, item] of items.entries()) {
    const problem = check(item, index);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function paramsProblem(params: ParamsSpec, name: FieldName): Problem {
  const { operations, addrUnit, minRegionSize } = params;
  const attrs = params.attrs === 'auto' ? DEFAULT_ATTRS : params.attrs;
  if (addrUnit < 1) return `${name('addrUnit')} is ${addrUnit}; write 1 or more bytes.`;
  if (addrUnit !== 1 && operations !== 'paddr') {
    return `${name('addrUnit')} is ${addrUnit}, but only paddr has units other than 1; write 1.`;
  }
  if (!isPowerOfTwo(minRegionSize)) {
    return minRegionSize === minRegionSizeFor(operations, addrUnit)
      ? `${name('addrUnit')} is ${addrUnit}, which is not a power of two; write one.`
      : `${name('minRegionSize')} is ${minRegionSize}, which is not a power of two; write one.`;
  }
  return (
    attrsProblem(attrs, name) ??
    targetsProblem(params, name) ??
    probesProblem(params.probes, attrs, name) ??
    firstProblem(params.schemes, (scheme, index) =>
      schemeProblem(scheme, params, attrs, (path) => name(`schemes[${index}].${path}`)),
    )
  );
}

function attrsProblem(attrs: AttrsSpec, name: FieldName): Problem {
  const { sampleIntervalUs, aggregationIntervalUs, maxNrRegions } = attrs;
  const sample = `${name('attrs.sampleIntervalUs')} is ${sampleIntervalUs}`;
  if (sampleIntervalUs < 1) return `${sample}; write 1 or more microseconds.`;
  if (sampleIntervalUs > aggregationIntervalUs) {
    return (
      `${sample}, more than ${name('attrs.aggregationIntervalUs')}, which is ` +
      `${aggregationIntervalUs}; an aggregation interval has to hold one sample at least.`
    );
  }
  const maximum = `${name('attrs.maxNrRegions')} is ${maxNrRegions}`;
  if (maxNrRegions > MAX_NR_REGIONS) return `${maximum}; write ${MAX_NR_REGIONS} or less.`;
  if (maxNrRegions < 3) return `${maximum}; write 3 or more.`;
  return nrRegionsProblem(attrs, name) ?? goalProblem(attrs, name);
}

function nrRegionsProblem(attrs: AttrsSpec, name: FieldName): Problem {
  const { minNrRegions, maxNrRegions } = attrs;
  if (minNrRegions === 'auto') return undefined;
  const minimum = `${name('attrs.minNrRegions')} is ${minNrRegions}`;
  if (minNrRegions < 3) return `${minimum}; write 3 or more.`;
  if (minNrRegions > maxNrRegions) {
    return (
      `${minimum}, more than ${name('attrs.maxNrRegions')}, which is ${maxNrRegions}; ` +
      'lower the one or raise the other.'
    );
  }
  return undefined;
}

function goalProblem(attrs: AttrsSpec, name: FieldName): Problem {
  const goal = attrs.intervalsGoal;
  if (goal === 'auto' || goal.aggregations === 0) return undefined;
  const { accessBp, minSampleIntervalUs, maxSampleIntervalUs } = goal;
  const field = (key: string) => name(`attrs.intervalsGoal.${key}`);
  if (accessBp > 10_000) {
    return `${field('accessBp')} is ${accessBp}, more than 100 %; write ${AUTO_INTERVALS_GOAL.accessBp} for 4 %.`;
  }
  if (minSampleIntervalUs < 1) {
    return `${field('minSampleIntervalUs')} is 0; write 1 or more microseconds.`;
  }
  if (minSampleIntervalUs > maxSampleIntervalUs) {
    return (
      `${field('minSampleIntervalUs')} is ${minSampleIntervalUs}, more than ` +
      `${field('maxSampleIntervalUs')}, which is ${maxSampleIntervalUs}; swap them.`
    );
  }
  const { sampleIntervalUs } = attrs;
  if (sampleIntervalUs < minSampleIntervalUs || sampleIntervalUs > maxSampleIntervalUs) {
    return (
      `${name('attrs.sampleIntervalUs')} is ${sampleIntervalUs}, outside the goal's range from ` +
      `${minSampleIntervalUs} to ${maxSampleIntervalUs}; start with an interval in it.`
    );
  }
  return undefined;
}

function targetsProblem(params: ParamsSpec, name: FieldName): Problem {
  const { operations, targets } = params;
  if (operations === 'paddr' && targets.length > 1) {
    return (
      `${name('targets')} has ${targets.length} targets, but paddr watches one, the physical ` +
      'memory; put all ranges into the regions of one target.'
    );
  }
  return firstProblem(targets, (target, index) =>
    targetProblem(target, params, (path) => name(`targets[${index}]${path}`)),
  );
}

function targetProblem(target: Target, params: ParamsSpec, name: FieldName): Problem {
  if (params.operations === 'paddr' && target.pid !== undefined) {
    return `${name('.pid')} is ${target.pid}, but paddr watches physical memory; leave it out.`;
  }
  if (params.operations !== 'paddr' && target.pid === undefined && target.regions.length === 0) {
    return (
      `${name('.pid')} is missing; write the process to watch, or the regions of a simulated one, ` +
      'or paddr to watch physical memory.'
    );
  }
  let previousEnd = 0;
  return firstProblem(target.regions, (region, index) => {
    const where = `${name(`.regions[${index}]`)} goes from ${region.start} to ${region.end}`;
    const start = alignDown(region.start, params.minRegionSize);
    if (region.end <= region.start) return `${where}; the end has to be above the start.`;
    if (start < previousEnd) {
      return (
        `${where}, into the region in front of it, which ends at ${previousEnd} after rounding to ` +
        `${params.minRegionSize}; write regions in order and apart.`
      );
    }
    previousEnd = alignUp(region.end, params.minRegionSize);
    if (previousEnd * params.addrUnit > Number.MAX_SAFE_INTEGER) {
      return `${where}, which reaches past 2^53 bytes; write an end below.`;
    }
    return undefined;
  });
}

function probesProblem(probes: readonly Probe[], attrs: AttrsSpec, name: FieldName): Problem {
  if (probes.length > MAX_NR_PROBES) {
    return `${name('probes')} has ${probes.length} probes; keep ${MAX_NR_PROBES} at most.`;
  }
  const weight = probes.reduce((sum, probe) => sum + probe.weight, 0);
  if (weight === 0) return undefined;
  const samples = Math.floor(attrs.aggregationIntervalUs / attrs.sampleIntervalUs);
  if (samples > MAX_WEIGHTED_SAMPLES) {
    return (
      `${name('probes')} have weights, which allow ${MAX_WEIGHTED_SAMPLES} samples in an ` +
      `aggregation interval, but there are ${samples}; lengthen ${name('attrs.sampleIntervalUs')} ` +
      `or shorten ${name('attrs.aggregationIntervalUs')}.`
    );
  }
  if (weight * samples > UINT_MAX) {
    return (
      `${name('probes')} have weights of ${weight} together, which overflows 32 bits with ` +
      `${samples} samples; only their ratio counts, so divide them.`
    );
  }
  return undefined;
}

function schemeProblem(
  scheme: Scheme,
  params: ParamsSpec,
  attrs: AttrsSpec,
  name: FieldName,
): Problem {
  const { pattern, quota } = scheme;
  return (
    rangeProblem(pattern.sizeBytes, name('pattern.sizeBytes'), Number.MAX_SAFE_INTEGER) ??
    rangeProblem(pattern.nrAccesses, name('pattern.nrAccesses'), UINT_MAX) ??
    rangeProblem(pattern.age, name('pattern.age'), UINT_MAX) ??
    reachableProblem(pattern.nrAccesses, attrs, name('pattern.nrAccesses.min')) ??
    firstProblem(quota.goals, (goal, index) =>
      quotaGoalProblem(goal, params, (path) => name(`quota.goals[${index}].${path}`)),
    ) ??
    watermarksProblem(scheme.watermarks, name) ??
    firstProblem(scheme.filters, (filter, index) =>
      filterProblem(filter, (path) => name(`filters[${index}].${path}`)),
    ) ??
    migrationProblem(scheme, params, name) ??
    blockProblem(scheme, params, name)
  );
}

function rangeProblem({ min, max }: BoundRange, field: string, limit: number): Problem {
  for (const [end, bound] of [
    ['min', min],
    ['max', max],
  ] as const) {
    if (bound !== 'max' && bound > limit) {
      return `${field}.${end} is ${bound}, more than ${limit}; write "max" for no bound.`;
    }
  }
  if (max !== 'max' && (min === 'max' || min > max)) {
    return `${field} goes from ${min} to ${max}, so nothing can match; swap them.`;
  }
  return undefined;
}

function reachableProblem({ min }: BoundRange, attrs: AttrsSpec, field: string): Problem {
  const samples = Math.floor(attrs.aggregationIntervalUs / attrs.sampleIntervalUs);
  if (min === 'max' || min <= samples) return undefined;
  return (
    `${field} is ${min}, but an aggregation interval has ${samples} samples, so nothing can match; ` +
    `write ${samples} or less.`
  );
}

function quotaGoalProblem(goal: Goal, params: ParamsSpec, name: FieldName): Problem {
  const { metric, targetValue } = goal;
  const target = `${name('targetValue')} is ${targetValue}`;
  if (targetValue === 0) return `${target}; write the value to reach, which is above 0.`;
  if (metric.endsWith('_bp') && targetValue > 10_000) {
    return `${target}, more than 100 % of ${metric}; write 10000 or less.`;
  }
  const ofMemcg = metric === 'node_memcg_used_bp' || metric === 'node_memcg_free_bp';
  if (metric.startsWith('node_') && goal.nid === undefined) {
    return `${name('nid')} is missing; write the node that ${metric} is about.`;
  }
  if (ofMemcg && goal.memcgPath === undefined) {
    return `${name('memcgPath')} is missing; write the cgroup that ${metric} is about.`;
  }
  if (metric === 'node_eligible_mem_bp' && params.operations !== 'paddr') {
    return (
      `${name('metric')} is ${metric}, which only paddr can measure, and not ` +
      `${params.operations}; choose another metric.`
    );
  }
  return undefined;
}

function watermarksProblem(watermarks: Watermarks, name: FieldName): Problem {
  const { metric, highPermil, midPermil, lowPermil } = watermarks;
  if (metric === 'none' || (highPermil >= midPermil && midPermil >= lowPermil)) return undefined;
  return (
    `${name('watermarks')} are high ${highPermil}, mid ${midPermil}, low ${lowPermil}; ` +
    'high has to be the highest and low the lowest, or the scheme never runs.'
  );
}

function filterProblem(filter: Filter, name: FieldName): Problem {
  if (filter.type === 'addr' && filter.range.end < filter.range.start) {
    const { start, end } = filter.range;
    return `${name('range')} goes from ${start} to ${end}; the end has to be above the start.`;
  }
  if (filter.type === 'hugepage_size') {
    return rangeProblem(filter.sizeBytes, name('sizeBytes'), Number.MAX_SAFE_INTEGER);
  }
  return undefined;
}

function blockProblem(
  { action, blockOrder, filters }: Scheme,
  params: ParamsSpec,
  name: FieldName,
): Problem {
  if (!isBlockAction(action) && blockOrder !== undefined) {
    return `${name('blockOrder')} is ${blockOrder}, but ${action} does not work by blocks; leave it out.`;
  }
  if (isBlockAction(action) && filters.some(({ type }) => type !== 'addr' && type !== 'target')) {
    return (
      `${name('filters')} look at single pages, and ${action} works by whole blocks; write addr or ` +
      'target filters only.'
    );
  }
  if (isBlockAction(action) && params.operations !== 'paddr') {
    return (
      `${name('action')} is ${action}, which takes physical memory, and not that of ` +
      `${params.operations}; write operations: paddr.`
    );
  }
  return undefined;
}

function migrationProblem(scheme: Scheme, params: ParamsSpec, name: FieldName): Problem {
  const { action, targetNid, destinations } = scheme;
  if (!action.startsWith('migrate_') || targetNid >= 0) return undefined;
  const { operations } = params;
  const nodes = operations === 'paddr' ? 'the node to go to' : 'a node, or destinations';
  if (destinations.length === 0) {
    return `${name('targetNid')} is missing, so ${action} has nowhere to go; write ${nodes}.`;
  }
  if (operations === 'paddr') {
    return `${name('targetNid')} is missing, and paddr does not go by destinations; write ${nodes}.`;
  }
  if (destinations.every(({ weight }) => weight === 0)) {
    return `${name('destinations')} all have weight 0, so nothing moves; write a weight above 0.`;
  }
  return undefined;
}
