/** What is to be tried: parameters, and the knobs by which to vary them. */
import { parse } from 'yaml';
import type { IntervalsInForce } from '../../analysis/intervals-in-force.ts';
import { layoutBytes } from '../../ops/replay/recorded-pattern.ts';
import { NO_INTERVALS_GOAL } from '../../params/defaults.ts';
import { parseParams, parseParamsText } from '../../params/parse.ts';
import { resolveParams } from '../../params/resolve.ts';
import type { OperationsId, Params, ParamsSpec, Scheme } from '../../params/types.ts';
import type { KnobSpec, Knobs, Policy, PolicyFacts } from '../../policies/policy.ts';
import { readNamedFile } from '../named-file.ts';
import type { RecordedAccess } from './recorded-access.ts';

/** Physical memory ends below this, and mappings of processes lie above. */
const PHYSICAL_BELOW = 2 ** 44;

/** Where a plan starts: its cold age is varied anyway. */
const COLD_AGGREGATIONS = 50;

const KEEPS_ITS_PLAN =
  'Its loop, which adapts the rate to pressure, is not replayed: what it begins with stays.';

/** One knob and how it is set. */
export interface PlannedKnob extends KnobSpec {
  readonly value: number;
}

/** Parameters as a function of a few knobs. */
export interface WhatIfPlan {
  /** A policy, or the parameter file. */
  readonly name: string;
  readonly knobs: readonly PlannedKnob[];
  /** What is not as it was written, as sentences. */
  readonly notes: readonly string[];
  /** @param values one for each knob */
  paramsFor(values: readonly number[]): Params;
}

/** The parameters with every knob as it is set. */
export function plannedParams(plan: WhatIfPlan): Params {
  return plan.paramsFor(plan.knobs.map(({ value }) => value));
}

/** Whether a recording is of physical or of virtual addresses. */
function recordedOperations({ origin, highestAddress }: RecordedAccess): OperationsId {
  const params = origin?.params as { readonly operations?: unknown } | null | undefined;
  if (params?.operations === 'paddr') return 'paddr';
  if (typeof params?.operations === 'string') return 'vaddr';
  return highestAddress < PHYSICAL_BELOW ? 'paddr' : 'vaddr';
}

/**
 * The schemes of a file. Attributes that it doesn't have are those of the recording; addresses are
 * always the recording's.
 */
export function filePlan(file: string, access: RecordedAccess): WhatIfPlan {
  const text = readNamedFile(file, 'The --params file');
  const spec = specOf(text, file, access);
  const operations = recordedOperations(access);
  const notes =
    hasField(text, 'operations') && (spec.operations === 'paddr') !== (operations === 'paddr')
      ? [
          `${file} is for ${spec.operations}; the recording is of ${addressText(operations)} ` +
            'addresses, and is replayed as such.',
        ]
      : [];
  const bytes = layoutBytes(access.pattern);
  const params = resolveParams({ ...spec, operations, targets: [] }, bytes);
  return knobbedPlan(file, params, notes);
}

function knobbedPlan(name: string, params: Params, notes: readonly string[]): WhatIfPlan {
  const knobs = knobsOf(params);
  return {
    name,
    knobs,
    notes,
    paramsFor: (values) =>
      knobs.reduce((set, { flag }, index) => turned(set, flag, values[index]!), params),
  };
}

/** Paging out what is cold, coldest first: the plan that recommendations are made with. */
export function coldMemoryPlan(access: RecordedAccess): WhatIfPlan {
  const bytes = layoutBytes(access.pattern);
  const written = {
    operations: recordedOperations(access),
    attrs: recordedAttrs(access),
    schemes: [
      {
        action: 'pageout',
        pattern: { nrAccesses: { max: 0 }, age: { min: COLD_AGGREGATIONS } },
        // All of it within a minute.
        quota: {
          sizeBytes: Math.max(2 ** 20, Math.round(bytes / 60)),
          weights: { agePermil: 1000 },
        },
      },
    ],
  };
  const params = resolveParams(parseParams(written, 'the plan'), bytes);
  return knobbedPlan('proactive reclaim', params, []);
}

/** A policy, on the memory and at the intervals that were recorded. Swap is taken to be there. */
export function policyPlan<K extends Knobs>(policy: Policy<K>, access: RecordedAccess): WhatIfPlan {
  const facts = recordedFacts(access);
  const names = Object.keys(policy.knobs) as (keyof K & string)[];
  const knobs = names.map((name) => ({ ...policy.knobs[name], value: policy.knobs[name].preset }));
  const planFor = (values: readonly number[]) => {
    const set = Object.fromEntries(names.map((name, index) => [name, values[index]!])) as K;
    return policy.plan(set, facts);
  };
  return {
    name: policy.name,
    knobs,
    notes: [
      ...planFor(knobs.map(({ value }) => value)).notes,
      ...(policy.adaptation === null ? [] : [KEEPS_ITS_PLAN]),
    ],
    paramsFor: (values) => {
      const { params } = planFor(values);
      // Ages are counted in intervals; tuned ones would have the loop of the policy to follow them.
      const attrs = { ...params.attrs, ...recordedIntervals(access) };
      return { ...params, attrs: { ...attrs, intervalsGoal: NO_INTERVALS_GOAL } };
    },
  };
}

/** The machine of a recording, as far as policies have to know it. */
function recordedFacts(access: RecordedAccess): PolicyFacts {
  const totalBytes = layoutBytes(access.pattern);
  const targets = access.pattern?.targets ?? [];
  const isPhysical = recordedOperations(access) === 'paddr';
  const memory = { totalBytes, freeBytes: 0, availableBytes: 0 };
  return {
    host: {
      ...{ kernelRelease: access.origin?.kernelRelease ?? '', architecture: '', nrCpus: 1 },
      pageSizeBytes: 4096,
      memory: { ...memory, swapTotalBytes: totalBytes, swapFreeBytes: totalBytes },
      ...{ nodes: [], pressure: { someUs: 0, fullUs: 0 }, zones: [], zswap: false },
      swapDevices: [{ path: 'assumed', kind: 'disk', totalBytes, usedBytes: 0 }],
      memoryRanges: targets.flatMap(({ layouts }) => layouts[0]!.ranges),
    },
    subject: isPhysical
      ? { kind: 'machine' }
      : { kind: 'processes', pids: targets.map(({ pid }, index) => pid ?? index + 1) },
    watcher: 'sim',
    ...{ pids: [], ownCgroup: null, intervals: recordedIntervals(access) },
  };
}

function addressText(operations: OperationsId): string {
  return operations === 'paddr' ? 'physical' : 'virtual';
}

/**
 * Without attributes of its own, a file has those of the recording; times in it count by them.
 */
function specOf(text: string, file: string, access: RecordedAccess): ParamsSpec {
  const spec = parseParamsText(text, file);
  const written: unknown = parse(text);
  if (hasField(text, 'attrs') || hasField(text, 'kdamonds') || Array.isArray(written)) return spec;
  return parseParams({ ...(written as object), attrs: recordedAttrs(access) }, file);
}

function recordedAttrs(access: RecordedAccess): object {
  return { ...recordedIntervals(access), minNrRegions: 'auto' };
}

/** In whole microseconds. */
function recordedIntervals({ intervals }: RecordedAccess): IntervalsInForce {
  return {
    sampleIntervalUs: Math.max(1, Math.round(intervals.sampleIntervalUs)),
    aggregationIntervalUs: Math.round(intervals.aggregationIntervalUs),
  };
}

function hasField(text: string, field: string): boolean {
  const written: unknown = parse(text);
  return typeof written === 'object' && written !== null && field in written;
}

/** Knobs of what pages out: how long memory is cold before it goes, and how much goes. */
function knobsOf({ attrs, schemes }: Params): PlannedKnob[] {
  const scheme = schemes.find(({ action }) => action === 'pageout');
  if (scheme === undefined) return [];
  const { pattern, quota } = scheme;
  const knobs: PlannedKnob[] = [];
  if (typeof pattern.age.min === 'number') {
    const value = pattern.age.min * attrs.aggregationIntervalUs;
    const meaning = 'untouched for so long, memory is cold';
    const limits = { min: attrs.aggregationIntervalUs, max: 2 ** 52 };
    knobs.push({ flag: 'cold-age', kind: 'duration', meaning, value, preset: value, ...limits });
  }
  if (typeof quota.sizeBytes === 'number' && quota.sizeBytes > 0) {
    const value = quota.sizeBytes / quotaSeconds(scheme);
    const meaning = 'most that goes in a second';
    const limits = { min: 4096, max: 2 ** 52 };
    knobs.push({
      ...{ flag: 'bytes-per-second', kind: 'byte-rate', meaning, value, preset: value },
      ...limits,
    });
  }
  return knobs;
}

function turned(params: Params, flag: string, value: number): Params {
  const { aggregationIntervalUs } = params.attrs;
  const turn = (scheme: Scheme): Scheme => {
    if (scheme.action !== 'pageout') return scheme;
    const { pattern, quota } = scheme;
    if (flag === 'cold-age') {
      const min = Math.round(value / aggregationIntervalUs);
      return { ...scheme, pattern: { ...pattern, age: { ...pattern.age, min } } };
    }
    const sizeBytes = Math.max(1, Math.round(value * quotaSeconds(scheme)));
    return { ...scheme, quota: { ...quota, sizeBytes } };
  };
  return { ...params, schemes: params.schemes.map(turn) };
}

function quotaSeconds({ quota }: Scheme): number {
  return quota.resetIntervalMs === 'max' ? 1 : Math.max(quota.resetIntervalMs, 1) / 1000;
}
