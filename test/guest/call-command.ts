/** Runs a command line in this process, since starting one takes an emulated processor seconds. */
import assert from 'node:assert/strict';
import { main } from '../../src/cli/main.ts';
import { damonStatState } from './hand-made-kdamond.ts';

/** What a command line printed, and its exit status. */
export interface Called {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function callCommand(...words: readonly string[]): Promise<Called> {
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    // As a stream does that is quick.
    process[name].write = (chunk: string | Uint8Array, ...rest: readonly unknown[]) => {
      printed[name] += chunk;
      const written = rest.at(-1);
      if (typeof written === 'function') queueMicrotask(() => written());
      return true;
    };
  }
  try {
    process.exitCode = undefined;
    return { status: await main([...words]), ...printed };
  } finally {
    for (const name of ['stdout', 'stderr'] as const)
      Reflect.deleteProperty(process[name], 'write');
    process.exitCode = undefined;
  }
}

/** What a command line prints that has to work. */
export async function thermocline(...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await callCommand(...words);
  assert.equal(status, 0, stderr);
  return stdout;
}

/** DAMON_STAT, which Debian's newest kernel starts by itself, has to be handed over. */
export function handover(): readonly string[] {
  return damonStatState() ? ['--handover', 'damon_stat'] : [];
}
