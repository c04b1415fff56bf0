import { describeKernelStart } from '../../monitor/describe-start.ts';
import type { Subject } from './subject.ts';

/** Prints the writes that a start would make, and makes none. */
export async function printWrites({ operations, params, child }: Subject): Promise<number> {
  // A command was started to have a process to name; nothing is going to watch it.
  await child?.stop();
  if (operations.set === 'kernel') process.stdout.write(describeKernelStart(operations, params));
  return 0;
}
