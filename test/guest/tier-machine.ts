/** `tier run` in a process of its own, and what a machine has to be like before and after it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { everyFile } from './every-file.ts';
import { MIB } from './guest-params.ts';
import { Cgroup, until } from './memory-figures.ts';

/** Shares of each faster node, in percent. */
export const freeAim = 16;
export const useAim = 85;
/**
 * Small, as the machine is: what is cold is known after a window, which tuning makes ten seconds
 * long, and what comes to a node within one must be no more than points of it.
 */
const rate = '3M';

/** Switches of the kernel besides DAMON's files, which a run leaves alone, too. */
const demotion = '/sys/kernel/mm/numa/demotion_enabled';
const balancing = '/proc/sys/kernel/numa_balancing';

/** Turns the kernel's demotion on, and off what brings memory to processors by itself. */
export function prepareTiers(): void {
  writeFileSync(demotion, '1');
  writeFileSync(balancing, '0');
}

/** All files of DAMON and these switches; DAMON_STAT's thread is another after a handover. */
export function everySwitch(): Record<string, string> {
  return {
    ...everyFile(),
    ...Object.fromEntries([demotion, balancing].map((file) => [file, readFileSync(file, 'utf8')])),
    '/sys/module/damon_stat/parameters/kdamond_pid': 'any',
  };
}

/** What a line tells. */
interface Line {
  readonly moved: readonly {
    readonly fromNid: number;
    readonly toNid: number;
    readonly bytes: number;
  }[];
}

/**
 * A group whose memory is all on the slowest node: in this small machine, what Node gives back now
 * and then would be points of the fast one. It goes with the machine.
 */
export function slowGroup(): Cgroup {
  const group = new Cgroup('slow');
  group.write('cpuset.mems', '2');
  return group;
}

/** `thermocline tier run` as a user has it, but that it starts in `group`. */
export class TierRun {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  #lines = '';

  /** Waits for its first line. */
  static async start(group: Cgroup): Promise<TierRun> {
    const run = new TierRun(group);
    await until(() => run.#last !== null, 'its first line', 80_000);
    return run;
  }

  private constructor(group: Cgroup) {
    const knobs = `--free-share ${freeAim}% --use-share ${useAim}% --bytes-per-second ${rate}`;
    const how = '--kernel --handover damon_stat --ceiling 90 --every 2s --json';
    const program = `echo $$ > ${group.folder}/cgroup.procs; exec thermocline tier run ${knobs} ${how}`;
    this.#child = spawn('sh', ['-c', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#ended = once(this.#child, 'exit');
    this.#child.stdout!.on('data', (chunk: Buffer) => (this.#lines += chunk));
  }

  get #last(): Line | null {
    const line = this.#lines.split('\n').at(-2);
    return line === undefined ? null : (JSON.parse(line) as Line);
  }

  /** MiB that have moved from one node to another, as its last line says. */
  movedMebibytes(fromNid: number, toNid: number): number {
    const moved = this.#last?.moved.find((one) => one.fromNid === fromNid && one.toNid === toNid);
    return Math.round((moved?.bytes ?? 0) / MIB);
  }

  /** @returns exit status and signal */
  async end(signal: NodeJS.Signals): Promise<unknown[]> {
    this.#child.kill(signal);
    return await this.#ended;
  }
}
