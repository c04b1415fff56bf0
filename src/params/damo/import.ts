/** damo's kdamonds form: `{"kdamonds": [...]}`, or the bare array of its `.kdamonds` files. */
import { ThermoclineError } from '../../base/errors.ts';
import { minRegionSizeFor, NO_INTERVALS_GOAL } from '../defaults.ts';
import { deepFreeze } from '../freeze.ts';
import type { Probe, ProbeFilter, Target } from '../types.ts';
import { type Attrs, type IntervalsGoal, OPERATIONS_IDS, type Params } from '../types.ts';
import { validateParams } from '../validate.ts';
import { Field } from './field.ts';
import { importScheme } from './import-scheme.ts';
import { damoName } from './names.ts';

/** damo's default, unlike the kernel's 60 s. */
const OPERATIONS_UPDATE_INTERVAL_US = 1_000_000;

/** Whether `value` is in damo's form rather than in ours. */
export function isDamoForm(value: unknown): boolean {
  if (Array.isArray(value)) return true;
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'kdamonds');
}

/**
 * The parameters of every context in damo's form, in order; throws `TC_INVALID` with one sentence
 * that names the field by damo's path.
 */
export function importKdamonds(value: unknown): Params[] {
  const kdamonds = Array.isArray(value)
    ? new Field('kdamonds', value)
    : new Field('', value).only('kdamonds').at('kdamonds');
  const contexts = kdamonds.items().flatMap((kdamond) => {
    if (!kdamond.at('action').missing) {
      throw new ThermoclineError(
        'TC_INVALID',
        'this is a list of schemes only; put it into the "schemes" of a context that says what to watch.',
      );
    }
    kdamond.only('contexts', 'state', 'pid', 'refresh_ms');
    return kdamond.at('contexts').items();
  });
  if (contexts.length === 0) kdamonds.fail('at least one kdamond with a context');
  return contexts.map(importContext);
}

function importContext(context: Field): Params {
  context.only(
    'ops',
    'addr_unit',
    'targets',
    'intervals',
    'nr_regions',
    'probes',
    'sample_control',
    'pause',
    'schemes',
    'ops_attrs',
  );
  refuseSampleControl(context.at('sample_control'));
  const operations = context.at('ops').word(OPERATIONS_IDS);
  const addrUnit = context.at('addr_unit').size(1);
  if (context.at('targets').missing) context.at('targets').fail('a list of targets');
  const attrs = importAttrs(context.at('intervals'), context.at('nr_regions'));
  const params: Params = {
    operations,
    addrUnit,
    minRegionSize: minRegionSizeFor(operations, addrUnit),
    attrs,
    targets: context.at('targets').items().map(importTarget),
    probes: context.at('probes').items().map(importProbe),
    schemes: context
      .at('schemes')
      .items()
      .map((scheme) => importScheme(scheme, attrs)),
    paused: context.at('pause').flag(false),
  };
  validateParams(params, (path) => damoName(context.path, path));
  return deepFreeze(params);
}

/** Only the usual way of sampling is known here; asking for another must not be lost silently. */
function refuseSampleControl(control: Field): void {
  if (control.missing) return;
  control.only('primitives_enabled', 'sample_filters');
  const primitives = control.at('primitives_enabled');
  const usual = primitives.at('page_table').flag(true) && !primitives.at('page_fault').flag(false);
  if (!usual || control.at('sample_filters').items().length > 0) {
    throw new ThermoclineError(
      'TC_UNSUPPORTED',
      `${control.path} asks for another way of sampling than the page table's; leave it out.`,
    );
  }
}

function importAttrs(intervals: Field, nrRegions: Field): Attrs {
  if (!intervals.missing) {
    intervals.only('sample_us', 'aggr_us', 'ops_update_us', 'intervals_goal');
  }
  if (!nrRegions.missing) nrRegions.only('min', 'max');
  return {
    sampleIntervalUs: intervals.at('sample_us').time('us', 5_000),
    aggregationIntervalUs: intervals.at('aggr_us').time('us', 100_000),
    operationsUpdateIntervalUs: intervals
      .at('ops_update_us')
      .time('us', OPERATIONS_UPDATE_INTERVAL_US),
    intervalsGoal: importIntervalsGoal(intervals.at('intervals_goal')),
    minNrRegions: nrRegions.at('min').count(10),
    maxNrRegions: nrRegions.at('max').count(1_000),
  };
}

function importIntervalsGoal(goal: Field): IntervalsGoal {
  if (goal.missing) return NO_INTERVALS_GOAL;
  goal.only('access_bp', 'aggrs', 'min_sample_us', 'max_sample_us');
  return {
    accessBp: goal.at('access_bp').share(10_000, 0),
    aggregations: goal.at('aggrs').count(0),
    minSampleIntervalUs: goal.at('min_sample_us').time('us', 0),
    maxSampleIntervalUs: goal.at('max_sample_us').time('us', 0),
  };
}

function importTarget(target: Field): Target {
  target.only('pid', 'obsolete', 'regions');
  const pid = target.at('pid');
  return {
    ...(pid.missing ? {} : { pid: pid.count() }),
    regions: target
      .at('regions')
      .items()
      .map((region) => {
        region.only('start', 'end');
        return { start: region.at('start').size(), end: region.at('end').size() };
      }),
    obsolete: target.at('obsolete').flag(false),
  };
}

function importProbe(probe: Field): Probe {
  probe.only('filters');
  return { weight: 0, filters: probe.at('filters').items().map(importProbeFilter) };
}

function importProbeFilter(filter: Field): ProbeFilter {
  filter.only('filter_type', 'matching', 'allow', 'path');
  const type = filter.at('filter_type').word(['anon', 'memcg']);
  const common = { matching: filter.at('matching').flag(), allow: filter.at('allow').flag(false) };
  return type === 'anon'
    ? { type, ...common }
    : { type, ...common, memcgPath: filter.at('path').text() };
}
