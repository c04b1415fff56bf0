/** Runs the program itself: what it prints, how it ends, and what it leaves behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runMain } from '../../test/run-main.ts';

const BIN = fileURLToPath(new URL('../../bin/thermocline.js', import.meta.url));
const DEMO = fileURLToPath(new URL('../../examples/scenarios/demo.yaml', import.meta.url));
/** A process that does nothing, for a minute at most. */
const IDLE = ['-e', 'setTimeout(() => {}, 60_000)'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'thermocline-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function start(...args: string[]): ChildProcess {
  const env = { ...process.env, THERMOCLINE_STATE_DIR: join(folder, 'state') };
  return spawn(process.execPath, [BIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function finished(child: ChildProcess) {
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, status: status as number | null };
}

function run(...args: string[]) {
  return finished(start(...args));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The first chunk that a program prints, as text. */
async function firstWords(child: ChildProcess): Promise<string> {
  const [chunk] = await once(child.stdout!, 'data');
  return String(chunk);
}

describe('help', () => {
  const commands = ['demo', 'watch', 'simulate', 'top', 'doctor', 'off', 'restore', 'schema'];

  test('lists every command and every exit status', async () => {
    const { stdout, stderr, status } = await runMain('--help');
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command} +\\w`, 'm'));
    expect(stdout).toMatch(/Exit status:\n {2}0 .*\n {2}1 .*\n {2}2 .*\n {2}130 /);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  test.for(commands)('of %s has an example', async (command) => {
    const { stdout, status } = await runMain(command, '--help');
    expect(stdout).toMatch(new RegExp(`Examples?:\n {2}\\$ thermocline ${command}`));
    expect(status).toBe(0);
  });

  test('by the help command is the same', async () => {
    const byCommand = await runMain('help', 'schema');
    expect(byCommand).toEqual(await runMain('schema', '--help'));
  });

  test('is what no arguments get, as wrong usage', async () => {
    const { stderr, status } = await runMain();
    expect(stderr).toContain('Usage: thermocline');
    expect(status).toBe(2);
  });

  test('has the version beside it, in the program itself too', async () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    );
    expect(await run('--version')).toEqual({ stdout: `${version}\n`, stderr: '', status: 0 });
  });
});

test('the program ends with the status of a mistake, and no stack', async () => {
  const { stdout, stderr, status } = await run('watch', '--pid', '4194303');
  expect(stderr).toBe('thermocline: There is no process 4194303.\n');
  expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
});

describe('a mistake gets one sentence and the status', () => {
  const sentences: [args: string[], status: number, sentence: RegExp][] = [
    [['watch'], 2, /^There is nothing to watch; write one of --pid/],
    [['watch', '--pid', 'x'], 2, /^--pid is "x"; write the number of a process\.$/],
    [['watch', '--pid', '4194303'], 1, /^There is no process 4194303\.$/],
    [['watch', '--pid', '1', '--sim', DEMO], 2, /^There is more than one thing to watch/],
    [['watch', '--pid', '1', '--every', '3'], 2, /^--every is "3", which is not a duration/],
    [['watch', '--pid', '1', '--ceiling', '0'], 2, /^--ceiling is "0"; write a percentage/],
    [['watch', '--pid', '1', '--act'], 2, /^--act has nothing to do without schemes/],
    [['watch', '--sim', DEMO, '--act'], 2, /^--act is for real processes/],
    [['watch', '--pid', '1', '--dry-run'], 2, /^--dry-run shows what --act would do/],
    [['watch', '--cgroup', '/no/such'], 1, /^The cgroup \/no\/such can't be read/],
    [['watch', '--cgroup', '../..'], 2, /^The cgroup "\.\.\/\.\." leaves .*; name one below it\.$/],
    [['watch', '--', 'no-such-command'], 1, /^There is no command "no-such-command" to run\.$/],
    [['watch', '123'], 1, /write --pid 123\.$/],
    [['simulate', 'missing.yaml'], 1, /^The scenario missing\.yaml does not exist\.$/],
    [['simulate', '/'], 2, /^The scenario \/ is a folder/],
    [['simulate', DEMO, '--seed', '-1'], 2, /^--seed is "-1"/],
    [['simulate', DEMO, '--until', 'soon'], 2, /^--until is "soon"/],
    [['simulate', DEMO, '--params', 'no.yaml'], 1, /^The --params file no\.yaml does not exist\.$/],
  ];

  test.for(sentences)('%j', async ([args, expected, sentence]) => {
    const { stdout, stderr, status } = await runMain(...args);
    expect(stderr).toMatch(/^thermocline: .*\n$/);
    expect(stderr.slice('thermocline: '.length).trimEnd()).toMatch(sentence);
    expect({ stdout, status }).toEqual({ stdout: '', status: expected });
  });

  test('also in a parameter file, naming the field', async () => {
    const file = join(folder, 'typo.yaml');
    writeFileSync(file, 'schemes:\n  - action: pageut\n');
    const { stderr, status } = await runMain('simulate', DEMO, '--params', file);
    expect(stderr).toMatch(/^thermocline: .*typo\.yaml: schemes\[0\]\.action .*"pageout"\?.*\n$/);
    expect(status).toBe(2);
  });

  test('also in the name of a command or an option, with a guess', async () => {
    const command = await runMain('wach');
    const option = await runMain('watch', '--evry', '1s');
    expect(command.stderr).toMatch(
      /^thermocline: unknown command 'wach'\n\(Did you mean watch\?\)/,
    );
    expect(option.stderr).toMatch(
      /^thermocline: unknown option '--evry'\n\(Did you mean --every\?\)/,
    );
    expect([command.status, option.status]).toEqual([2, 2]);
  });
});

describe.concurrent('watch', () => {
  test('prints a line of JSON for each snapshot of a real process', async ({ expect }) => {
    const target = spawn(process.execPath, IDLE);
    const { stdout, status } = await run(
      ...['watch', '--pid', String(target.pid), '--json', '--every', '250ms', '--for', '1100ms'],
    );
    expect(isAlive(target.pid!)).toBe(true);
    target.kill();
    expect(status).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.length).toBeGreaterThanOrEqual(2);
    const last = lines.at(-1);
    expect(last.regions.length).toBeGreaterThan(0);
    expect(last.mappings[0]).toMatchObject({ pid: target.pid, targetIndex: 0 });
    expect(last.cost.ceiling).toBe(0.01);
    expect(last.tick).toBeGreaterThan(lines[0].tick);
  });

  test('ends when the process does', async ({ expect }) => {
    const target = spawn(process.execPath, IDLE);
    const watching = start('watch', '--pid', String(target.pid), '--every', '100ms');
    const end = finished(watching);
    await firstWords(watching);
    target.kill();
    const { stdout, stderr, status } = await end;
    expect(stdout).toMatch(/ {2}touched .* resident .*\n.* After 0:0\d: /);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  test("ends with a command's own status, its output apart from ours", async ({ expect }) => {
    const mark = join(folder, 'watched');
    const script = `echo from the command; until [ -e ${mark} ]; do sleep 0.05; done; exit 7`;
    const watching = start('watch', '--every', '100ms', '--', 'sh', '-c', script);
    const end = finished(watching);
    expect(await firstWords(watching)).toMatch(/^watching pid \d+ \(/);
    writeFileSync(mark, '');
    const { stdout, stderr, status } = await end;
    expect(stdout).toContain('The command has ended with status 7.');
    expect({ stderr, status }).toEqual({ stderr: 'from the command\n', status: 7 });
  });

  test('stops the command, and what that has started, on Ctrl-C', async ({ expect }) => {
    const watching = start(
      'watch',
      '--every',
      '100ms',
      '--',
      'sh',
      '-c',
      'sleep 60 & echo $!; wait',
    );
    const end = finished(watching);
    const [pid] = await Promise.all([
      once(watching.stderr!, 'data').then(Number),
      firstWords(watching),
    ]);
    expect(isAlive(pid)).toBe(true);
    watching.kill('SIGINT');
    const { status } = await end;
    expect(status).toBe(130);
    // It has been killed; its new parent may take a moment to notice.
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  test('does not act while acting is switched off, and starts nothing', async ({ expect }) => {
    const file = join(folder, 'cold.yaml');
    writeFileSync(file, 'schemes:\n  - action: pageout\n');
    const off = await run('off');
    expect(off.status).toBe(0);
    const { stdout, stderr, status } = await run(
      ...['watch', '--params', file, '--act', '--', 'sleep', '60'],
    );
    expect(stderr).toMatch(/^thermocline: Acting is switched off .*\n$/);
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
  });
});

describe.concurrent('simulate', () => {
  const short = ['simulate', DEMO, '--until', '4s', '--json'];

  test('prints the same bytes for the same seed, and others for another', async ({ expect }) => {
    const [one, same, other] = await Promise.all([
      run(...short, '--seed', '7'),
      run(...short, '--seed', '7'),
      run(...short, '--seed', '8'),
    ]);
    expect(one).toMatchObject({ status: 0, stderr: '' });
    expect(one.stdout).toBe(same.stdout);
    expect(one.stdout).not.toBe(other.stdout);
    expect(JSON.parse(one.stdout)).toMatchObject({ seed: 7, simulatedUs: 4_000_000 });
  });

  test('says for people what came of it', async ({ expect }) => {
    const { stdout, stderr, status } = await run('simulate', DEMO, '--until', '4s');
    expect(stdout).toMatch(/^simulated +4 s of .*demo\.yaml, seed 1\nmonitor +vaddr, /);
    expect(stdout).toMatch(/^accuracy +precision [\d.]+ %, recall [\d.]+ %, F1 [\d.]+ %/m);
    expect(stdout).toMatch(/^speed .* times real time\n$/m);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });
});

describe.concurrent('a reader that goes away', () => {
  test.for([['schema'], ['watch', '--sim', DEMO, '--json', '--every', '20ms']])(
    'is no error: %j',
    async (args, { expect }) => {
      const child = start(...args);
      const status = once(child, 'exit').then(([code]) => code);
      const stderr = text(child.stderr!);
      if (args[0] === 'watch') await firstWords(child);
      child.stdout!.destroy();
      expect({ status: await status, stderr: await stderr }).toEqual({ status: 0, stderr: '' });
    },
  );
});

test('the demo ends its workload when it is interrupted', async () => {
  const demo = start('demo');
  const end = finished(demo);
  const [, pid] = /process (\d+)/.exec(await firstWords(demo))!;
  expect(isAlive(Number(pid))).toBe(true);
  demo.kill('SIGINT');
  const { stderr, status } = await end;
  expect({ stderr, status }).toEqual({ stderr: '', status: 130 });
  expect(isAlive(Number(pid))).toBe(false);
});

test('the schema is the one of parameter files', async () => {
  const { stdout, status } = await run('schema');
  expect(JSON.parse(stdout)).toMatchObject({ type: 'object', title: 'Thermocline parameters' });
  expect(status).toBe(0);
});

/** Whether a process still runs; one that has ended and was not waited for doesn't. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
