/**
 * The parameters that a kdamond really works by, out of its own structures: what its files hold is
 * only what somebody asked for.
 */
import { minRegionSizeFor, NO_INTERVALS_GOAL } from '../../src/params/defaults.ts';
import type {
  Action,
  Bound,
  BoundRange,
  Destination,
  Filter,
  Goal,
  GoalTuner,
  OperationsId,
  Params,
  Scheme,
  Target,
  Watermarks,
} from '../../src/params/types.ts';
import { type KernelObject, KernelStructs } from './kernel-structs.ts';

/** What DAMON's lists are of, by the members that head them. */
const lists = {
  'damos.filters': 'damos_filter',
  'damos.core_filters': 'damos_filter',
  'damos.ops_filters': 'damos_filter',
  'damos_quota.goals': 'damos_quota_goal',
};
const uintMax = 2 ** 32 - 1;

let structs: KernelStructs | null = null;

/**
 * Left out are probes, the cgroups of filters and goals, and the ranges of targets, which a kdamond
 * splits and merges as it goes. It must not be in the middle of a commit.
 */
export function runningParams(kdamondPid: number): Params {
  // Once for all tests: reading what the kernel says of its types takes a second.
  structs ??= new KernelStructs(lists);
  const address = contextOf(structs, kdamondPid);
  const context = structs.object('damon_ctx', address);
  const operations = word(part(context, 'ops'), 'id', 'DAMON_OPS_') as OperationsId;
  const addrUnit = number(context, 'addr_unit', 1);
  const attrs = part(context, 'attrs');
  const goal = attrs['intervals_goal'] === undefined ? null : part(attrs, 'intervals_goal');
  return {
    operations,
    addrUnit,
    minRegionSize: number(context, 'min_region_sz', minRegionSizeFor(operations, addrUnit)),
    attrs: {
      sampleIntervalUs: number(attrs, 'sample_interval'),
      aggregationIntervalUs: number(attrs, 'aggr_interval'),
      operationsUpdateIntervalUs: number(attrs, 'ops_update_interval'),
      intervalsGoal: goal
        ? {
            accessBp: number(goal, 'access_bp'),
            aggregations: number(goal, 'aggrs'),
            minSampleIntervalUs: number(goal, 'min_sample_us'),
            maxSampleIntervalUs: number(goal, 'max_sample_us'),
          }
        : NO_INTERVALS_GOAL,
      minNrRegions: number(attrs, 'min_nr_regions'),
      maxNrRegions: number(attrs, 'max_nr_regions'),
    },
    targets: targetsOf(structs, address, operations),
    probes: [],
    schemes: schemesOf(structs, address),
    paused: context['pause'] === true,
  };
}

/** A kernel thread keeps what it works on. */
function contextOf(kernel: KernelStructs, pid: number): bigint {
  const first = kernel.symbol('init_task');
  const tasks = kernel.list(kernel.member('task_struct', first, 'tasks'), 'task_struct', 'tasks');
  const task = tasks.find((one) => kernel.int(kernel.member('task_struct', one, 'pid')) === pid);
  if (task === undefined) throw new Error(`there is no task ${pid}`);
  const thread = kernel.pointer(kernel.member('task_struct', task, 'worker_private'));
  return kernel.pointer(kernel.member('kthread', thread, 'data'));
}

function targetsOf(kernel: KernelStructs, context: bigint, operations: OperationsId): Target[] {
  const head = kernel.member('damon_ctx', context, 'adaptive_targets');
  return [...kernel.list(head, 'damon_target', 'list')].map((address) => {
    const obsolete = kernel.object('damon_target', address)['obsolete'] === true;
    if (operations === 'paddr') return { regions: [], obsolete };
    const id = kernel.pointer(kernel.member('damon_target', address, 'pid'));
    const numbers = kernel.member('pid', id, 'numbers');
    const pid = kernel.int(kernel.member('upid', numbers, 'nr'));
    return { pid, regions: [], obsolete };
  });
}

function schemesOf(kernel: KernelStructs, context: bigint): Scheme[] {
  const head = kernel.member('damon_ctx', context, 'schemes');
  return [...kernel.list(head, 'damos', 'list')].map((address) => {
    const scheme = kernel.object('damos', address);
    const hasDestinations = scheme['migrate_dests'] !== undefined;
    return {
      ...schemeOf(scheme),
      destinations: hasDestinations ? destinations(kernel, address) : [],
    };
  });
}

function destinations(kernel: KernelStructs, scheme: bigint): Destination[] {
  const all = kernel.member('damos', scheme, 'migrate_dests');
  const of = (member: string) => kernel.member('damos_migrate_dests', all, member);
  const [nodes, weights] = [kernel.pointer(of('node_id_arr')), kernel.pointer(of('weight_arr'))];
  const intBytes = 4;
  return Array.from({ length: kernel.int(of('nr_dests')) }, (_, index) => {
    const at = BigInt(index * intBytes);
    return { nid: kernel.int(nodes + at), weight: kernel.int(weights + at) };
  });
}

function schemeOf(scheme: KernelObject): Omit<Scheme, 'destinations'> {
  const pattern = part(scheme, 'pattern');
  const quota = part(scheme, 'quota');
  const watermarks = part(scheme, 'wmarks');
  return {
    action: word(scheme, 'action', 'DAMOS_') as Action,
    pattern: {
      sizeBytes: range(pattern, 'min_sz_region', 'max_sz_region'),
      nrAccesses: range(pattern, 'min_nr_accesses', 'max_nr_accesses', uintMax),
      age: range(pattern, 'min_age_region', 'max_age_region', uintMax),
    },
    applyIntervalUs: number(scheme, 'apply_interval_us'),
    quota: {
      timeMs: number(quota, 'ms'),
      sizeBytes: bound(number(quota, 'sz')),
      resetIntervalMs: bound(number(quota, 'reset_interval')),
      weights: {
        sizePermil: number(quota, 'weight_sz'),
        nrAccessesPermil: number(quota, 'weight_nr_accesses'),
        agePermil: number(quota, 'weight_age'),
      },
      goals: list(quota, 'goals').map(goalOf),
      goalTuner: word(quota, 'goal_tuner', 'DAMOS_QUOTA_GOAL_TUNER_', 'consist') as GoalTuner,
      failChargeNumerator: number(quota, 'fail_charge_num', 0),
      failChargeDenominator: number(quota, 'fail_charge_denom', 0),
    },
    watermarks: {
      metric: word(watermarks, 'metric', 'DAMOS_WMARK_') as Watermarks['metric'],
      intervalUs: number(watermarks, 'interval'),
      highPermil: number(watermarks, 'high'),
      midPermil: number(watermarks, 'mid'),
      lowPermil: number(watermarks, 'low'),
    },
    filters: ['filters', 'core_filters', 'ops_filters'].flatMap((name) =>
      list(scheme, name).map(filterOf),
    ),
    targetNid: number(scheme, 'target_nid'),
    maxNrSnapshots: number(scheme, 'max_nr_snapshots', 0),
  };
}

function goalOf(goal: KernelObject): Goal {
  const metric = word(goal, 'metric', 'DAMOS_QUOTA_') as Goal['metric'];
  return {
    metric,
    targetValue: number(goal, 'target_value'),
    currentValue: number(goal, 'current_value'),
    ...(metric.startsWith('node_') && { nid: number(goal, 'nid') }),
  };
}

function filterOf(filter: KernelObject): Filter {
  const type = word(filter, 'type', 'DAMOS_FILTER_TYPE_');
  const judgement = { matching: filter['matching'] === true, allow: filter['allow'] === true };
  if (type === 'addr') {
    const { start, end } = part(filter, 'addr_range');
    return { type, ...judgement, range: { start: Number(start), end: Number(end) } };
  }
  return { type: type as 'anon', ...judgement };
}

function range(object: KernelObject, min: string, max: string, highest?: number): BoundRange {
  return { min: bound(number(object, min), highest), max: bound(number(object, max), highest) };
}

function bound(value: number, highest = 2 ** 53): Bound {
  return value >= highest ? 'max' : value;
}

function part(object: KernelObject, member: string): KernelObject {
  return object[member] as KernelObject;
}

/** A list of a kernel that has none is empty. */
function list(object: KernelObject, member: string): readonly KernelObject[] {
  return (object[member] ?? []) as readonly KernelObject[];
}

/** @param absent for kernels without such a member */
function number(object: KernelObject, member: string, absent?: number): number {
  const value = object[member] ?? absent;
  if (typeof value !== 'number') throw new Error(`${member} is no number in this kernel`);
  return value;
}

function word(object: KernelObject, member: string, begin: string, absent?: string): string {
  const value = object[member];
  if (value === undefined && absent !== undefined) return absent;
  return String(value).replace(begin, '').toLowerCase();
}
