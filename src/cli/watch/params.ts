import { parse } from 'yaml';
import { ThermoclineError } from '../../base/errors.ts';
import type { Scenario } from '../../host/sim/index.ts';
import { SMAPS_DEFAULT_ATTRS } from '../../params/defaults.ts';
import { parseParams, parseParamsText } from '../../params/parse.ts';
import { resolveParams } from '../../params/resolve.ts';
import type { Params, ParamsSpec, Target } from '../../params/types.ts';
import { readNamedFile } from '../named-file.ts';

/**
 * Parameters for watching processes: those of the file, whose targets give way to the processes
 * that the command line names. Reads and checks the file at once.
 */
export function processParams(file: string | undefined): (pids: readonly number[]) => Params {
  const spec = file === undefined ? specWithAttrs({}) : processSpec(file);
  return (pids) => resolveParams({ ...spec, targets: pids.map(targetOf) }, 0);
}

/** Parameters for a simulated machine: those of the file, or its processes and nothing to do. */
export function scenarioParams(scenario: Scenario, file: string | undefined): Params {
  const spec =
    file === undefined
      ? parseParams({}, 'defaults')
      : parseParamsText(readNamedFile(file, 'The --params file'), file);
  const processes = scenario.processes.map(({ pid }) => targetOf(pid));
  const targets = spec.targets.length === 0 ? processes : spec.targets;
  return resolveParams({ ...spec, targets }, scenarioBytes(scenario, spec));
}

function processSpec(file: string): ParamsSpec {
  const text = readNamedFile(file, 'The --params file');
  const spec = parseParamsText(text, file);
  if (spec.operations !== 'vaddr') {
    throw new ThermoclineError(
      'TC_INVALID',
      `${file}: operations is ${spec.operations}, but processes are watched by vaddr; leave it out.`,
    );
  }
  const written: unknown = parse(text);
  // DAMON's own intervals are for sampling one page a region; here each sample reads the process.
  const hasAttrs = typeof written !== 'object' || written === null || 'attrs' in written;
  return hasAttrs || 'kdamonds' in written || Array.isArray(written)
    ? spec
    : specWithAttrs(written);
}

function specWithAttrs(written: object): ParamsSpec {
  const { intervalsGoal: _none, ...attrs } = SMAPS_DEFAULT_ATTRS;
  return parseParams({ ...written, attrs }, '--params');
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
