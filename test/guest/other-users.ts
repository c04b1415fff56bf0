/** Other users of DAMON, beside whom every command is called, and that none of them may change. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { callCommand } from './call-command.ts';
import { type CommandLine, commandLines, paramsFile } from './command-lines.ts';
import { damonStatState, HandMadeKdamond, switchDamonStatOff } from './hand-made-kdamond.ts';
import type { GuestSuite, TestBody, TestContext } from './harness.ts';
import { startWorkload, type Workload } from './workload.ts';

const modules = ['damon_stat', 'damon_reclaim', 'damon_lru_sort'];
/** What DAMON_STAT goes on measuring by itself. */
const measured = /\/(estimated_memory_bandwidth|memory_idle_ms_percentiles|aggr_interval_us)$/;

/** All that DAMON's files say, by path. */
export function everyFile(): Record<string, string> {
  const folders = [
    '/sys/kernel/mm/damon',
    ...modules.map((name) => `/sys/module/${name}/parameters`).filter(existsSync),
  ];
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name)),
  );
  return Object.fromEntries(
    files.filter((file) => !measured.test(file)).map((file) => [file, readFileSync(file, 'utf8')]),
  );
}

/** Another user of DAMON, as it is from one test to the next. */
interface Other {
  /** @returns what is to be taken away at the end, if anything */
  readonly begin: (workload: Workload) => Disposable;
  /** Whether Thermocline may use the kernel's DAMON beside it. */
  readonly leavesRoom: () => boolean;
}

const nothingToEnd = { [Symbol.dispose]() {} };

const others: Readonly<Record<string, Other>> = {
  'the kernel as booted': {
    begin: () => nothingToEnd,
    leavesRoom: () => !damonStatState(),
  },
  'an idle set-up': {
    begin: ({ pid }) => new HandMadeKdamond({ operations: 'vaddr', pid }),
    leavesRoom: () => false,
  },
  'a running kdamond': {
    begin: ({ pid }) => {
      switchDamonStatOff();
      const kdamond = new HandMadeKdamond({ operations: 'vaddr', pid });
      kdamond.command('on');
      return kdamond;
    },
    leavesRoom: () => false,
  },
  'a kdamond that damo looks at': {
    begin: () => {
      switchDamonStatOff();
      // Its last snapshot stays in its files, which any question to it would replace.
      const kdamond = new HandMadeKdamond({
        operations: 'paddr',
        ...{ start: 0x10000000, end: 0x18000000 },
      });
      kdamond.command('on');
      kdamond.regions();
      kdamond.command('update_schemes_stats');
      return kdamond;
    },
    leavesRoom: () => false,
  },
};

let current: {
  readonly name: string;
  readonly end: Disposable;
  readonly workload: Workload;
} | null = null;

async function become(name: string): Promise<Workload> {
  if (current?.name === name) return current.workload;
  await endCurrent();
  const workload = await startWorkload(4);
  const watched = { operations: 'vaddr', targets: [{ pid: workload.pid }] };
  writeFileSync(paramsFile, JSON.stringify(watched));
  current = { name, end: others[name]!.begin(workload), workload };
  return workload;
}

async function endCurrent(): Promise<void> {
  current?.end[Symbol.dispose]();
  await current?.workload[Symbol.asyncDispose]();
  current = null;
}

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

/**
 * A test for each way to call a command beside each of `names`.
 */
export function testsBeside(names: readonly (keyof typeof others)[]): GuestSuite['tests'] {
  const ways = Object.values(commandLines(1)).flat();
  const tests = names.flatMap((other) =>
    ways.map((_, index): [string, TestBody] => [
      `${ways[index]!.words.join(' ')} beside ${other}`,
      (t) => survives(t, other, index),
    ]),
  );
  return Object.fromEntries([...tests, ['nothing is left', endCurrent]]);
}

/** @param index of the way to call a command, among all of them */
async function survives(t: TestContext, other: string, index: number): Promise<void> {
  const workload = await become(other);
  const line = Object.values(commandLines(workload.pid)).flat()[index]!;
  if (line.drives && others[other]!.leavesRoom()) {
    t.skip('nobody is in the way here: kernel-monitor tests what it does then');
  }
  const before = everyFile();
  const status = await call(line);
  assert.deepEqual(everyFile(), before, 'something has been changed');
  if (line.drives) assert.notEqual(status, 0, 'it says why it can not start');
}
