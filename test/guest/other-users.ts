/** Every command beside another user of DAMON, that none of them may change. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { callCommand } from './call-command.ts';
import { type CommandLine, commandLines, paramsFile } from './command-lines.ts';
import { everyFile } from './every-file.ts';
import type { GuestSuite, TestBody } from './harness.ts';
import { startWorkload, type Workload } from './workload.ts';

/** Sets somebody up who uses DAMON, and tells how to take that away again. */
export type OtherUser = (workload: Workload) => Disposable;

/** A test for each way to call a command beside `other`, in whose way nothing of ours can start. */
export function testsBeside(other: OtherUser): GuestSuite['tests'] {
  let beside: { readonly user: Disposable; readonly workload: Workload } | null = null;
  const begin = async () => {
    const workload = await startWorkload(4);
    const watched = { operations: 'vaddr', targets: [{ pid: workload.pid }] };
    writeFileSync(paramsFile, JSON.stringify(watched));
    beside = { user: other(workload), workload };
    return beside;
  };
  const survives =
    (index: number): TestBody =>
    async () => {
      const { workload } = beside ?? (await begin());
      const line = linesOf(workload.pid)[index]!;
      const before = everyFile();
      const status = await call(line);
      assert.deepEqual(everyFile(), before, 'something has been changed');
      if (line.drives) assert.notEqual(status, 0, 'it says why it can not start');
    };
  const tests = linesOf(1).map(({ words }, index) => [words.join(' '), survives(index)] as const);
  return {
    ...Object.fromEntries(tests),
    async 'the other user can end as ever'() {
      beside?.user[Symbol.dispose]();
      await beside?.workload[Symbol.asyncDispose]();
    },
  };
}

const linesOf = (pid: number) => Object.values(commandLines(pid)).flat();

/** @returns the exit status; null for what was asked to end */
async function call({ words, endAfterMs }: CommandLine): Promise<number | null> {
  if (endAfterMs !== undefined) {
    const child = spawn('thermocline', words, { stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGTERM'), endAfterMs);
    await once(child, 'exit');
    clearTimeout(timer);
    return null;
  }
  return (await callCommand(...words)).status;
}
