/** Parameters for what is going to be watched, out of what somebody wrote for it. */
import { ThermoclineError } from '../base/errors.ts';
import type { Scenario } from '../host/sim/index.ts';
import { SMAPS_DEFAULT_ATTRS } from '../params/defaults.ts';
import { parseParams } from '../params/parse.ts';
import { resolveParams } from '../params/resolve.ts';
import type { Params, ParamsSpec, Target } from '../params/types.ts';

/**
 * Parameters for watching processes by smaps. Targets give way to the processes that are named
 * later.
 * @param written as in a file, parsed; undefined for the defaults
 * @param source begins the sentences of errors
 * @throws ThermoclineError TC_INVALID
 */
export function processParams(
  written: unknown,
  source: string,
): (pids: readonly number[]) => Params {
  const spec = processSpec(written ?? {}, source);
  return (pids) => resolveParams({ ...spec, targets: pids.map(targetOf) }, 0);
}

/**
 * Parameters for a simulated machine. Without targets, all of its processes.
 * @throws ThermoclineError TC_INVALID
 */
export function scenarioParams(scenario: Scenario, written: unknown, source: string): Params {
  const spec = parseParams(written ?? {}, source);
  const processes = scenario.processes.map(({ pid }) => targetOf(pid));
  const targets = spec.targets.length === 0 ? processes : spec.targets;
  return resolveParams({ ...spec, targets }, scenarioBytes(scenario, spec));
}

function processSpec(written: unknown, source: string): ParamsSpec {
  const spec = parseParams(written, source);
  if (spec.operations !== 'vaddr') {
    throw new ThermoclineError(
      'TC_INVALID',
      `${source}: operations is ${spec.operations}, but processes are watched by vaddr; leave it out.`,
    );
  }
  if (hasAttrs(written)) return spec;
  // DAMON's own intervals are for sampling one page a region; here each sample reads the process.
  const { intervalsGoal: _none, ...attrs } = SMAPS_DEFAULT_ATTRS;
  return parseParams({ ...(written as object), attrs }, source);
}

/** Also said of damo's form, which has attributes in any case. */
function hasAttrs(written: unknown): boolean {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return true;
  return 'attrs' in written || 'kdamonds' in written;
}

function targetOf(pid: number): Target {
  return { pid, regions: [], obsolete: false };
}

function scenarioBytes(scenario: Scenario, spec: ParamsSpec): number {
  const sizes =
    spec.operations === 'paddr'
      ? scenario.nodes
      : scenario.processes.flatMap((process) => process.vmas);
  return sizes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
