import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type GuestSuite, runSuite } from './harness.ts';
import { leashed, Machine, qemu } from './machine.ts';
import { LineSplitter } from './protocol.ts';

describe('a leashed program', () => {
  const leash = missing('setpriv') ?? missing('timeout');

  test.skipIf(leash)(`ends when its parent is killed ${leash ?? ''}`, async () => {
    const command = leashed(60_000, ['sh', '-c', 'echo $$; exec sleep 60']);
    const parent = spawn(process.execPath, [
      '-e',
      `require('node:child_process').spawn('${command[0]}', ${JSON.stringify(command.slice(1))}, { stdio: 'inherit' })`,
    ]);
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(stateOf(pid)).not.toBe('gone');
    // Its output is closed only when the last process that holds it has ended.
    const closed = once(parent.stdout, 'close');
    parent.kill('SIGKILL');
    await closed;
    expect(stateOf(pid)).toBe('gone');
  });

  test.skipIf(leash)(`ends after its time ${leash ?? ''}`, () => {
    const [program, ...args] = leashed(100, ['sleep', '60']);
    expect(() => execFileSync(program!, args)).toThrow(expect.objectContaining({ status: 124 }));
  });
});

const emulator = missing(qemu);
test.skipIf(emulator)(`a broken boot says what was printed last ${emulator ?? ''}`, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'thermocline-machine-'));
  try {
    const vmlinux = path.join(folder, 'vmlinux');
    writeFileSync(vmlinux, 'no kernel');
    const shape = { topology: 'plain', vmlinux, initrd: vmlinux } as const;
    await expect(Machine.boot(shape, 20_000)).rejects.toThrow(/last lines:\n {2}\| .*kernel/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('suites refuse to run on a machine that is no guest', async () => {
  let ran = false;
  const suite: GuestSuite = {
    kernels: ['newest'],
    topology: 'plain',
    tests: {
      harmful() {
        ran = true;
      },
    },
  };
  await expect(runSuite(suite, () => {})).rejects.toThrow(/npm run test:guest/);
  expect(ran).toBe(false);
});

test('lines are put together from pieces', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const piece of ['a', 'b\nc\n', '\nd', 'e']) splitter.push(piece);
  expect(lines).toEqual(['ab', 'c', '']);
  splitter.push('\n');
  expect(lines.at(-1)).toBe('de');
});

/** Why a test can't run; null if it can. */
function missing(tool: string): string | null {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return `(skipped: ${tool} is missing)`;
  }
}

/** A zombie is as good as gone. */
function stateOf(pid: number): string {
  try {
    const state = / ([A-Z]) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))![1]!;
    return state === 'Z' ? 'gone' : state;
  } catch {
    return 'gone';
  }
}
