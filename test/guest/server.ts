/** Starts `server.c`, which is a program in the guests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Cgroup } from './memory-figures.ts';

/** A service whose latency shows in a file. */
export interface Server {
  readonly pid: number;
  /** Its memory, all of which every request touches. */
  readonly start: number;
  readonly end: number;
  /** Twice as many requests a second, or half as many. */
  changeLoad(to: 'double' | 'half'): void;
}

/** Starts one in `group`, with a p99 in `p99File`. It ends by itself. */
export async function startServer(
  p99File: string,
  { mebibytes, everyMs }: { readonly mebibytes: number; readonly everyMs: number },
  group: Cgroup,
): Promise<Server> {
  const program = `echo $$ > ${group.folder}/cgroup.procs; exec server ${mebibytes} ${everyMs} ${p99File}`;
  const child = spawn('sh', ['-c', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const [start, end] = line.toString().split(' ').map(Number);
  return {
    ...{ pid: child.pid!, start: start!, end: end! },
    changeLoad: (to) => void child.kill(to === 'double' ? 'SIGUSR1' : 'SIGUSR2'),
  };
}
