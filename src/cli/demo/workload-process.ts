import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { ThermoclineError } from '../../base/errors.ts';
import type { WorkloadMapping } from './workload.ts';

/** A package holds the built file only, a clone the source only. */
const WORKLOAD: string = new URL(
  import.meta.url.endsWith('.ts') ? './workload.ts' : './workload.js',
  import.meta.url,
).pathname;

/** The demo's own program while it runs. Its standard input is its lifeline: it ends with us. */
export class WorkloadProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  /** Where its memory lies and what it does to it, in its own words. */
  readonly mappings: readonly WorkloadMapping[];

  private constructor(child: ChildProcess, mappings: readonly WorkloadMapping[]) {
    this.#child = child;
    this.mappings = mappings;
  }

  /** @param args `endless` lets it live as long as we do */
  static async start(...args: readonly 'endless'[]): Promise<WorkloadProcess> {
    const child = spawn(process.execPath, [WORKLOAD, ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const lines = createInterface({ input: child.stdout });
    const firstLine = once(lines, 'line').then(([line]) => String(line));
    const early = once(child, 'exit').then(() => null);
    const line = await Promise.race([firstLine, early]);
    if (line !== null) return new WorkloadProcess(child, JSON.parse(line));
    throw new ThermoclineError(
      'TC_SYSTEM',
      'The demo workload ended before it had its memory; 400 MiB have to be free for the demo.',
    );
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
