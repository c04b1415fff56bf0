/** Runs a command line in this process, since starting one takes an emulated processor seconds. */
import { main } from '../../src/cli/main.ts';

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
