/** A kdamond that runs and is not ours, by plain reads of what its owner has set up. */
import { ThermoclineError } from '../base/errors.ts';
import { AUTO_INTERVALS_GOAL, DEFAULT_ATTRS, DEFAULT_PARAMS } from '../params/defaults.ts';
import type { Attrs, Params } from '../params/types.ts';
import { type ModuleState, readModules } from './module-parameters.ts';
import type { DamonModule } from './modules.ts';
import { readParams } from './read-back.ts';
import { readValue, requireDamon, type SysfsReader, slotPath } from './sysfs-files.ts';

/** Which kdamond: the one in a slot, or that of a module. */
export type ForeignPlace = { readonly slot: number } | { readonly module: DamonModule };

/** What is known of it. */
export interface ForeignContext {
  /** As people shall read it. */
  readonly name: string;
  readonly kdamondPid: number;
  /** What its files hold, which need not be what it works with. */
  readonly params: Params;
}

/**
 * @throws ThermoclineError TC_NOT_FOUND where nothing runs there, TC_UNSUPPORTED for a slot of a
 * kernel without DAMON
 */
export function readForeignContext(files: SysfsReader, place: ForeignPlace): ForeignContext {
  return 'slot' in place ? ofSlot(files, place.slot) : ofModule(files, place.module);
}

function ofSlot(files: SysfsReader, slot: number): ForeignContext {
  requireDamon(files);
  const name = `slot ${slot}`;
  if (!files.exists(slotPath(slot))) throw nothingRuns(`There is no ${name}`);
  const kdamondPid = Number(readValue(files, slotPath(slot, 'pid')));
  const params = readParams(files, slot);
  if (!(kdamondPid > 0) || params === null) throw nothingRuns(`In ${name}, no kdamond runs`);
  return { name, kdamondPid, params };
}

function ofModule(files: SysfsReader, module: DamonModule): ForeignContext {
  const state = readModules(files).find(({ name }) => name === module);
  if (state === undefined) {
    requireDamon(files);
    throw nothingRuns(`This kernel has no module ${module}`);
  }
  const { kdamondPid, enabled } = state;
  if (!enabled || kdamondPid === null) throw nothingRuns(`The module ${module} is off`);
  const target = { regions: [], obsolete: false };
  const attrs = attrsOf(state);
  const params = { ...DEFAULT_PARAMS, operations: 'paddr' as const, targets: [target], attrs };
  return { name: `module ${module}`, kdamondPid, params };
}

/** DAMON_STAT tunes its intervals (spec 9.3), and tells the one in force on newer kernels only. */
function attrsOf({ name, parameters, figures }: ModuleState): Attrs {
  const { sampleIntervalUs, aggregationIntervalUs } = DEFAULT_ATTRS;
  const inForceUs = Number(figures['aggr_interval_us'] ?? aggregationIntervalUs);
  const tuned = (sampleIntervalUs * inForceUs) / aggregationIntervalUs;
  return {
    ...DEFAULT_ATTRS,
    ...(name === 'damon_stat' && { intervalsGoal: AUTO_INTERVALS_GOAL }),
    sampleIntervalUs: Number(parameters['sample_interval'] ?? tuned),
    aggregationIntervalUs: Number(parameters['aggr_interval'] ?? inForceUs),
  };
}

function nothingRuns(what: string): ThermoclineError {
  return new ThermoclineError(
    'TC_NOT_FOUND',
    `${what}, so there is nothing to watch; "thermocline status" lists what the kernel's DAMON does.`,
  );
}
