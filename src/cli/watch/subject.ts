import { basename } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../../host/host.ts';
import { cgroupPids } from '../../host/linux/cgroup-pids.ts';
import type { ForeignPlace } from '../../kernel/foreign-context.ts';
import type { MonitorSpec } from '../../monitor/open-monitor.ts';
import type { Params } from '../../params/types.ts';
import { ChildCommand, type ChildOutput } from './child-command.ts';
import type { PageType } from './page-types.ts';
import { processesName } from './processes-name.ts';

/** The options that say what is watched and what may be done to it. */
export interface SubjectOptions {
  readonly pid?: readonly number[];
  readonly cgroup?: string;
  readonly sim?: string;
  readonly follow: boolean;
  readonly params?: string;
  readonly force?: true;
  readonly act?: true;
  readonly dryRun?: true;
  /** With the kernel's DAMON; the rest is for that only. */
  readonly kernel?: true;
  readonly physical?: true;
  readonly node?: readonly number[];
  readonly zone?: readonly string[];
  readonly pages?: readonly PageType[];
  readonly handover?: 'damon_stat';
  /** A kdamond of somebody else. */
  readonly foreign?: ForeignPlace;
}

/** What is going to be watched, and what schemes may do to it. */
export interface Subject extends AsyncDisposable {
  readonly name: string;
  readonly operations: MonitorSpec;
  readonly params: Params;
  readonly child: ChildCommand | null;
  /** How views call what the schemes do. */
  readonly mode: string;
  /** Whether real memory is going to be acted on. */
  readonly acts: boolean;
  /** The journal's account of that, one sentence for each scheme. */
  readonly steps: readonly string[];
}

/** Finds what the command line names; starts the command when it is one. */
export async function openSubject(
  words: readonly string[],
  options: SubjectOptions,
  roots: Roots,
  childOutput: ChildOutput,
): Promise<Subject> {
  checkOneSubject(words, options);
  checkActing(options);
  if (options.foreign !== undefined) {
    const { foreignSubject } = await import('./foreign-subject.ts');
    return foreignSubject(options.foreign, options, roots);
  }
  if (options.kernel) {
    const { kernelSubject } = await import('./kernel-subject.ts');
    return kernelSubject(words, options, roots, childOutput);
  }
  if (options.sim !== undefined) return simulatedSubject(options.sim, options.params);
  // Loaded where it is needed: the schema of parameters is large.
  const { processParams } = await import('./params.ts');
  // Read before a command is started, so that a mistake in the file starts nothing.
  const paramsFor = processParams(options.params);
  const child = words.length === 0 ? null : await ChildCommand.start(words, childOutput);
  try {
    const pids = child ? [child.pid] : (options.pid ?? cgroupPids(options.cgroup!, roots));
    return processSubject(pids, child, paramsFor(pids), options, roots);
  } catch (error) {
    await child?.stop();
    throw error;
  }
}

async function simulatedSubject(file: string, paramsFile: string | undefined): Promise<Subject> {
  const { readScenario } = await import('../scenario-file.ts');
  const { scenarioParams } = await import('./params.ts');
  const scenario = readScenario(file);
  return {
    name: `simulated machine ${basename(file)}`,
    operations: { set: 'sim', scenario },
    params: scenarioParams(scenario, paramsFile),
    child: null,
    mode: 'acting on the simulated machine',
    acts: false,
    steps: [],
    [Symbol.asyncDispose]: async () => {},
  };
}

function processSubject(
  pids: readonly number[],
  child: ChildCommand | null,
  params: Params,
  options: SubjectOptions,
  roots: Roots,
): Subject {
  const dryRun = options.dryRun === true;
  const acts = options.act === true && !dryRun;
  const name =
    options.cgroup === undefined ? processesName(pids, roots) : `cgroup ${options.cgroup}`;
  return {
    name,
    operations: {
      set: 'smaps',
      pids,
      roots,
      force: options.force === true,
      followChildren: options.follow,
      ...(options.act ? { act: { dryRun } } : {}),
    },
    params,
    child,
    mode: options.act ? (dryRun ? 'dry run' : 'acting') : 'counting only',
    acts,
    steps: params.schemes.map(({ action }) => `process_madvise: ${action} on ${name}`),
    [Symbol.asyncDispose]: async () => child?.stop(),
  };
}

function checkOneSubject(words: readonly string[], options: SubjectOptions): void {
  const { pid, sim, params, kernel } = options;
  checkKernelOnly(options);
  const isPhysical = (options.physical ?? options.node ?? options.zone) !== undefined;
  // Of physical memory, a cgroup only says whose pages count.
  const cgroup = isPhysical ? undefined : options.cgroup;
  const { foreign } = options;
  const one = [pid, cgroup, sim, foreign, isPhysical || undefined, words.length > 0 || undefined];
  const named = one.filter((subject) => subject !== undefined);
  if (named.length === 1 || (named.length === 0 && kernel && params !== undefined)) return;
  throw new ThermoclineError(
    'TC_INVALID',
    `${named.length === 0 ? 'There is nothing to watch' : 'There is more than one thing to watch'}; ` +
      `write one of --pid, --cgroup, ${kernel ? '--physical, --foreign' : '--sim'}, or -- and a command.`,
  );
}

function checkKernelOnly(options: SubjectOptions): void {
  if (options.kernel) return;
  for (const name of ['physical', 'node', 'zone', 'pages', 'foreign', 'handover'] as const) {
    if (options[name] === undefined) continue;
    throw new ThermoclineError(
      'TC_INVALID',
      `--${name} is for the kernel's DAMON; write --kernel, too, or leave it out.`,
    );
  }
}

function checkActing({ act, dryRun, sim, params, kernel }: SubjectOptions): void {
  if (act === undefined && (dryRun === undefined || kernel)) return;
  if (act === undefined) {
    throw new ThermoclineError('TC_INVALID', '--dry-run shows what --act would do; write both.');
  }
  if (sim !== undefined) {
    throw new ThermoclineError(
      'TC_INVALID',
      '--act is for real processes; on a simulated machine schemes always act, so leave it out.',
    );
  }
  if (params === undefined) {
    throw new ThermoclineError(
      'TC_INVALID',
      '--act has nothing to do without schemes; name a file that has some with --params.',
    );
  }
}
