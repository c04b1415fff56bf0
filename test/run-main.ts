import { vi } from 'vitest';
import { main } from '../src/cli/main.ts';

/** What a command line printed, and its exit status. */
export interface Outcome {
  stdout: string;
  stderr: string;
  status: number;
}

/** Runs a command line in this process and keeps what it prints. */
export async function runMain(...args: string[]): Promise<Outcome> {
  const outcome: Outcome = { stdout: '', stderr: '', status: 0 };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((chunk) => {
      outcome[stream] += chunk;
      return true;
    }),
  );
  try {
    outcome.status = await main(args);
    return outcome;
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = 0;
  }
}
