import { ThermoclineError } from '../../base/errors.ts';
import { openStateFolder, stateFolderPath } from '../../control/state-folder.ts';
import type { Roots } from '../../host/host.ts';
import { cgroupPids } from '../../host/linux/cgroup-pids.ts';
import { RealSysfsReader } from '../../kernel/real-sysfs.ts';
import { requireDamon } from '../../kernel/sysfs-files.ts';
import type { KernelSpec } from '../../monitor/kernel-monitor.ts';
import {
  countingOnly,
  kernelParams,
  kernelPhysicalParams,
  kernelProcessParams,
} from '../../monitor/kernel-params.ts';
import { DEFAULT_PARAMS } from '../../params/defaults.ts';
import type { Params, ParamsSpec } from '../../params/types.ts';
import { readNamedFile } from '../named-file.ts';
import { ChildCommand, type ChildOutput } from './child-command.ts';
import { type PageType, pageFilters } from './page-types.ts';
import { processesName } from './processes-name.ts';
import type { Subject, SubjectOptions } from './subject.ts';

/** What the command line names, for the kernel's DAMON; starts the command when it is one. */
export async function kernelSubject(
  words: readonly string[],
  options: SubjectOptions,
  roots: Roots,
  childOutput: ChildOutput,
): Promise<Subject> {
  checkKernelOptions(options);
  // Before a command is started that could not be watched.
  requireDamon(new RealSysfsReader(roots.sys));
  const { pid, cgroup, params: file } = options;
  if (isPhysical(options)) {
    const params = kernelPhysicalParams(await kernelSpec(file), options, roots);
    return subjectOf(physicalName(options), params, null, options, roots);
  }
  if (file !== undefined && pid === undefined && cgroup === undefined && words.length === 0) {
    return subjectOf(
      `what ${file} names`,
      kernelParams(await kernelSpec(file), roots),
      null,
      options,
      roots,
    );
  }
  // Read before a command is started, so that a mistake in the file starts nothing.
  const paramsFor = kernelProcessParams(await kernelSpec(file), file ?? '--params');
  const child = words.length === 0 ? null : await ChildCommand.start(words, childOutput);
  try {
    const pids = child ? [child.pid] : (pid ?? cgroupPids(cgroup!, roots));
    const name = cgroup === undefined ? processesName(pids, roots) : `cgroup ${cgroup}`;
    return subjectOf(name, paramsFor(pids), child, options, roots);
  } catch (error) {
    await child?.stop();
    throw error;
  }
}

function subjectOf(
  name: string,
  asked: Params,
  child: ChildCommand | null,
  options: SubjectOptions,
  roots: Roots,
): Subject {
  const acts = options.act === true;
  const params = acts ? asked : countingOnly(asked);
  const spec: KernelSpec = {
    set: 'kernel',
    roots,
    stateDir: openStateFolder(stateFolderPath()),
    purpose: name,
    followChildren: options.follow,
    pageFilters: pageFilters([...memcgOf(options), ...(options.pages ?? [])]),
    handOverStat: options.handover !== undefined,
  };
  return {
    name,
    operations: spec,
    params,
    child,
    mode: acts ? 'acting in the kernel' : 'counting only',
    acts: acts && params.schemes.some(({ action }) => action !== 'stat'),
    steps: acts
      ? params.schemes.map(({ action }) => `DAMON in the kernel: ${action} on ${name}`)
      : [],
    [Symbol.asyncDispose]: async () => child?.stop(),
  };
}

/** The schema is loaded only when there is a file to check. */
async function kernelSpec(file: string | undefined): Promise<ParamsSpec> {
  if (file === undefined) return DEFAULT_PARAMS;
  const { parseParamsText } = await import('../../params/parse.ts');
  return parseParamsText(readNamedFile(file, 'The parameters'), file);
}

/** Whether the options ask for physical memory. */
function isPhysical({ physical, node, zone }: SubjectOptions): boolean {
  return physical === true || node !== undefined || zone !== undefined;
}

/** Of physical memory, a cgroup is what its pages are charged to. */
function memcgOf(options: SubjectOptions): PageType[] {
  if (!isPhysical(options) || options.cgroup === undefined) return [];
  return [{ type: 'memcg', matching: true, memcgPath: options.cgroup }];
}

function physicalName({ node, zone, cgroup }: SubjectOptions): string {
  const places = [
    node && `node ${node.join(', ')}`,
    zone && `zone ${zone.join(', ')}`,
    cgroup && `pages of cgroup ${cgroup}`,
  ].filter(Boolean);
  return `physical memory${places.length > 0 ? ` (${places.join('; ')})` : ''}`;
}

function checkKernelOptions({ sim, force }: SubjectOptions): void {
  if (sim !== undefined) {
    throw new ThermoclineError(
      'TC_INVALID',
      '--kernel watches this machine, not a simulated one; leave --sim or --kernel out.',
    );
  }
  if (force !== undefined) {
    throw new ThermoclineError(
      'TC_INVALID',
      '--force is for watching without --kernel; the kernel watches processes of any size.',
    );
  }
}
