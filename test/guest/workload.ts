/** Starts `workload.c`, which is a program in the guests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Cgroup } from './memory-figures.ts';

/** What a workload is like; by default a quarter of anonymous small pages is kept hot. */
export interface WorkloadShape {
  /** Share of the mapping that is touched all the time, from its start. */
  readonly hotPercent?: number;
  /** As `workload.c` knows them: `small`, `default`, `huge`, or the path of a file to map. */
  readonly memory?: string;
  /** Which parts of that share are touched; a number: one after another, for so many ms. */
  readonly where?: 'first' | 'even' | number;
  /** Size of a second mapping that is touched once and never again. */
  readonly coldMebibytes?: number;
  /** The memory node that its memory comes from, as long as there is room; it may leave later. */
  readonly node?: number;
  /** Where it is from its start, so that all of its memory is charged there. */
  readonly group?: Cgroup;
}

/** A process with a mapping of known size, of which it keeps touching a part. */
export interface Workload extends Disposable, AsyncDisposable {
  readonly pid: number;
  readonly start: number;
  readonly end: number;
  /** Where the first touched part ends; it begins at `start`. */
  readonly hotEnd: number;
  /** The second mapping; empty where there is none. */
  readonly cold: { readonly start: number; readonly end: number };
}

/** Starts a workload and waits until all of its memory is there. */
export async function startWorkload(
  mebibytes: number,
  {
    hotPercent = 25,
    memory = 'small',
    where = 'first',
    coldMebibytes = 0,
    node,
    group,
  }: WorkloadShape = {},
): Promise<Workload> {
  const join = group === undefined ? '' : `echo $$ > ${group.folder}/cgroup.procs; `;
  const shape = [mebibytes, hotPercent, memory, coldMebibytes, where, node ?? ''].join(' ');
  const program = `${join}exec workload ${shape}`;
  const child = spawn('sh', ['-c', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const ended = exit.then(() => Promise.reject(new Error('the workload has ended')));
  ended.catch(() => {});
  const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer];
  const [start, end, hotEnd, ...cold] = line.toString().split(' ').map(Number);
  return {
    pid: child.pid!,
    start: start!,
    end: end!,
    hotEnd: hotEnd!,
    cold: { start: cold[0]!, end: cold[1]! },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      // Its memory is free only then.
      await exit;
    },
  };
}
