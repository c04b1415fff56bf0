import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../../host/host.ts';
import { cgroupPids } from '../../host/linux/cgroup-pids.ts';
import type { OperationsSpec } from '../../monitor/operations-factory.ts';
import type { Params } from '../../params/types.ts';
import { readScenario } from '../scenario-file.ts';
import { safeText, shorten } from '../terminal/line.ts';
import { ChildCommand, type ChildOutput } from './child-command.ts';
import { processParams, scenarioParams } from './params.ts';

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
}

/** What is going to be watched, and what schemes may do to it. */
export interface Subject extends AsyncDisposable {
  readonly name: string;
  readonly operations: OperationsSpec;
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
  if (options.sim !== undefined) return simulatedSubject(options.sim, options.params);
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

function simulatedSubject(file: string, paramsFile: string | undefined): Subject {
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
  const { pid, cgroup, sim } = options;
  const named = [pid, cgroup, sim, words.length > 0 || undefined].filter(
    (one) => one !== undefined,
  );
  if (named.length === 1) return;
  throw new ThermoclineError(
    'TC_INVALID',
    `${named.length === 0 ? 'There is nothing to watch' : 'There is more than one thing to watch'}; ` +
      'write one of --pid, --cgroup, --sim, or -- and a command.',
  );
}

function checkActing({ act, dryRun, sim, params }: SubjectOptions): void {
  if (act === undefined && dryRun === undefined) return;
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

/** `pid 1234 (postgres)`, `3 processes (nginx, nginx, redis)`. */
function processesName(pids: readonly number[], roots: Roots): string {
  const names = pids.map((pid) => processName(pid, roots));
  if (pids.length === 1) return `pid ${pids[0]}${names[0] === '' ? '' : ` (${names[0]})`}`;
  return `${pids.length} processes (${shorten(names.filter(Boolean).join(', '), 60)})`;
}

/** Empty for a process that is gone: the monitor will say so. */
function processName(pid: number, roots: Roots): string {
  try {
    return safeText(readFileSync(join(roots.proc, String(pid), 'comm'), 'utf8').trim());
  } catch {
    return '';
  }
}
