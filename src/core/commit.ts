import { isPowerOfTwo } from '../base/arithmetic.ts';
import { ThermoclineError } from '../base/errors.ts';
import type { AddressRange, Params, Scheme, Target } from '../params/types.ts';
import { attrsDiffer, attrsProblem } from './attrs.ts';
import { type Context, RunningTarget } from './context.ts';
import { probesProblem } from './probes.ts';
import { RunningScheme } from './schemes/running-scheme.ts';
import { rangesAreValid, setRegions } from './set-regions.ts';

/** Why a context can't run with `params`, as a sentence; null when it can. */
export function paramsProblem(params: Params): string | null {
  return (
    attrsProblem(params.attrs) ??
    treeProblem(params) ??
    rangesProblem(params.targets, params.minRegionSize)
  );
}

/** Problems of all but attributes and targets. */
function treeProblem(params: Params): string | null {
  if (!isPowerOfTwo(params.minRegionSize)) {
    return `minRegionSize is ${params.minRegionSize}; it must be a power of two.`;
  }
  for (const [index, scheme] of params.schemes.entries()) {
    const problem = goalsProblem(scheme, index, params);
    if (problem !== null) return problem;
  }
  return probesProblem(params.probes, params.attrs);
}

function rangesProblem(targets: readonly Target[], minRegionSize: number): string | null {
  for (const [index, target] of targets.entries()) {
    if (!target.obsolete && !rangesAreValid(fusedRanges(target), minRegionSize)) {
      return `targets[${index}].regions are empty, overlap or are out of order; sort and separate them.`;
    }
  }
  return null;
}

function goalsProblem(scheme: Scheme, schemeIndex: number, params: Params): string | null {
  for (const [index, goal] of scheme.quota.goals.entries()) {
    const field = `schemes[${schemeIndex}].quota.goals[${index}]`;
    if (goal.targetValue === 0) return `${field}.targetValue is 0; an aim must be above 0.`;
    if (goal.metric === 'node_eligible_mem_bp' && params.operations !== 'paddr') {
      return `${field}.metric is node_eligible_mem_bp, which needs operations paddr.`;
    }
  }
  return null;
}

/** Neighbouring ranges as one, the way a commit takes them (spec 7.2, step 3). */
function fusedRanges(target: Target): AddressRange[] {
  const ranges: AddressRange[] = [];
  for (const { start, end } of target.regions) {
    const last = ranges.at(-1);
    if (last !== undefined && last.end === start) {
      ranges[ranges.length - 1] = { start: last.start, end };
    } else {
      ranges.push({ start, end });
    }
  }
  return ranges;
}

/**
 * Makes a running context go by `source` (spec 7.2); what was learnt is kept. Throws `TC_INVALID`
 * with nothing changed when the source can't be taken.
 */
export function commitParams(context: Context, source: Params): void {
  refuse(
    treeProblem(source) ??
      operationsProblem(context, source) ??
      targetsProblem(context, source.targets, source.minRegionSize) ??
      newAttrsProblem(context, source),
  );

  commitSchemes(context, source.schemes);
  replaceTargets(context, source.targets, source.minRegionSize);
  if (attrsDiffer(context.attrs, source.attrs)) context.setAttrs(source.attrs);
  context.paused = source.paused;
  context.setProbes(source.probes);
  context.addrUnit = source.addrUnit;
  context.minRegionSize = source.minRegionSize;
}

function refuse(problem: string | null): void {
  if (problem !== null) throw new ThermoclineError('TC_INVALID', problem);
}

function newAttrsProblem(context: Context, source: Params): string | null {
  return attrsDiffer(context.attrs, source.attrs) ? attrsProblem(source.attrs) : null;
}

function operationsProblem(context: Context, source: Params): string | null {
  const { id } = context.operations;
  if (source.operations === id) return null;
  return `operations is ${source.operations}, but this monitor watches ${id}; start another for it.`;
}

function targetsProblem(
  context: Context,
  targets: readonly Target[],
  minRegionSize: number,
): string | null {
  const problem = rangesProblem(targets, minRegionSize);
  if (problem !== null) return problem;
  for (const [index, target] of targets.entries()) {
    if (target.obsolete && index >= context.targets.length) {
      return `targets[${index}].obsolete is set, but there is no such target to remove.`;
    }
  }
  return null;
}

function commitSchemes(context: Context, source: readonly Scheme[]): void {
  const { schemes } = context;
  schemes.length = Math.min(schemes.length, source.length);
  for (const [index, scheme] of source.entries()) {
    const running = schemes[index];
    if (running !== undefined) {
      running.commit(scheme);
      continue;
    }
    // Without its goals first: a goal that a commit adds starts unmeasured (spec 7.2, step 2).
    const added = new RunningScheme({ ...scheme, quota: { ...scheme.quota, goals: [] } });
    added.commit(scheme);
    schemes.push(added);
    context.scheduleScheme(added);
  }
}

/**
 * Makes a running context watch `source`, target by target (spec 7.2, step 3). Throws `TC_INVALID`
 * with nothing changed when the targets can't be taken.
 */
export function commitTargets(
  context: Context,
  source: readonly Target[],
  minRegionSize: number,
): void {
  refuse(targetsProblem(context, source, minRegionSize));
  replaceTargets(context, source, minRegionSize);
  // Targets that are new have to count hits as well.
  context.setProbes(context.probes);
}

function replaceTargets(context: Context, source: readonly Target[], minRegionSize: number): void {
  const kept: RunningTarget[] = [];
  for (const [index, target] of source.entries()) {
    const running = context.targets[index] ?? new RunningTarget(index, target.pid);
    if (target.obsolete) {
      context.cleanup(running);
      continue;
    }
    commitTarget(context, running, target, minRegionSize);
    kept.push(running);
  }
  for (const surplus of context.targets.slice(source.length)) context.cleanup(surplus);
  context.targets.length = 0;
  for (const target of kept) {
    target.index = context.targets.length;
    context.targets.push(target);
  }
}

function commitTarget(
  context: Context,
  running: RunningTarget,
  source: Target,
  minRegionSize: number,
): void {
  const ranges = fusedRanges(source);
  if (ranges.length > 0) setRegions(running.regions, ranges, minRegionSize);
  if (source.pid === undefined || source.pid === running.pid) return;
  context.operations.cleanup?.(running);
  running.pid = source.pid;
}
