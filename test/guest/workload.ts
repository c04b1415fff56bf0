/** Starts `workload.c`, which is a program in the guests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A process with one mapping of known size, of which it keeps touching the first quarter. */
export interface Workload extends Disposable {
  readonly pid: number;
  readonly start: number;
  readonly end: number;
  /** Where the touched quarter ends; it begins at `start`. */
  readonly hotEnd: number;
}

/** Starts a workload and waits until all of its memory is there. */
export async function startWorkload(mebibytes: number): Promise<Workload> {
  const child = spawn('workload', [`${mebibytes}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the workload has ended')));
  ended.catch(() => {});
  const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer];
  const [start, end, hotEnd] = line.toString().split(' ').map(Number);
  return {
    pid: child.pid!,
    start: start!,
    end: end!,
    hotEnd: hotEnd!,
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}
