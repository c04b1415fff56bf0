import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Roots } from '../host/host.ts';
import { FakeQemu } from '../testing/fake-qemu.ts';
import { ActingSession } from './acting-session.ts';
import { Journal, listJournals } from './journal.ts';
import { OffSwitch } from './off-switch.ts';
import { listRuns, restoreAbandoned } from './runs.ts';

/** Takes one step in a session, says so, and lives on until it is ended or the session aborts. */
const ACTING_PROCESS = `
  import { writeFileSync } from 'node:fs';
  import { ActingSession } from ${JSON.stringify(import.meta.resolve('./acting-session.ts'))};
  const [stateDir, cgroup, file, limit, deaf] = process.argv.slice(1);
  const session = await ActingSession.open({
    stateDir, roots: { proc: '/proc', sys: '/sys', cgroup }, description: 'a test',
    heartbeatLimitMs: Number(limit),
  });
  session.record({ text: 'echo 64M > ' + file, undo: { file, content: 'max\\n' } });
  writeFileSync(file, '67108864\\n');
  session.signal.addEventListener('abort', async () => {
    if (deaf) return;
    await session.close();
    process.exit(0);
  });
  process.stdout.write('acting');
  setTimeout(() => process.exit(1), 30_000); // a bound, should the test be gone
`;

const base = mkdtempSync(join(tmpdir(), 'thermocline-session-'));
afterAll(() => rmSync(base, { recursive: true }));
let stateDir: string;
let roots: Roots;
let file: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  const folder = mkdtempSync(join(base, 'case-'));
  stateDir = join(folder, 'state');
  roots = { proc: '/proc', sys: '/sys', cgroup: join(folder, 'cgroup') };
  file = join(roots.cgroup, 'app/memory.high');
  mkdirSync(join(roots.cgroup, 'app'), { recursive: true });
  writeFileSync(file, 'max\n');
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

async function startActing(heartbeatLimitMs = 10_000, deaf = ''): Promise<ChildProcess> {
  const args = [stateDir, roots.cgroup, file, String(heartbeatLimitMs), deaf];
  const child = spawn(process.execPath, ['--input-type=module', '-e', ACTING_PROCESS, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  await once(child.stdout!, 'data');
  expect(readFileSync(file, 'utf8')).toBe('67108864\n');
  return child;
}

/** Asks again and again; a bound ends the test instead of a hang. */
async function eventually(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    if (condition()) return;
    await sleep(10);
  }
  expect.fail('it did not happen within 10 s');
}

const runs = (pid: number) => existsSync(`/proc/${pid}`);
const stateOf = () => listRuns(stateDir).map((run) => run.state);
const lastLine = () =>
  JSON.parse(readFileSync(listJournals(stateDir)[0]!, 'utf8').trimEnd().split('\n').at(-1)!);

describe('when the process that acts', () => {
  test('is killed, its guard puts things back and closes the journal', async () => {
    const child = await startActing();
    expect(stateOf()).toEqual(['acting']);
    child.kill('SIGKILL');
    await eventually(() => stateOf()[0] === 'finished');
    expect(readFileSync(file, 'utf8')).toBe('max\n');
    expect(lastLine()).toEqual({ type: 'finished', by: 'guard' });
  });

  test('is killed by a Ctrl-C that reaches its whole group, too', async () => {
    const child = await startActing();
    child.kill('SIGINT');
    await eventually(() => stateOf()[0] === 'finished');
    expect(readFileSync(file, 'utf8')).toBe('max\n');
  });

  test('is stopped, its guard puts things back after the heartbeat limit', async () => {
    const child = await startActing(1000);
    child.kill('SIGSTOP');
    await eventually(() => stateOf()[0] === 'finished');
    expect(readFileSync(file, 'utf8')).toBe('max\n');
    // Going on, it finds that its guard has gone, and ends instead of acting again.
    const exited = once(child, 'exit');
    child.kill('SIGCONT');
    expect(await exited).toEqual([0, null]);
    expect(readFileSync(file, 'utf8')).toBe('max\n');
    expect(stateOf()).toEqual(['finished']);
  });

  test('is switched off, it puts things back itself and ends', async () => {
    const child = await startActing();
    const exited = once(child, 'exit');
    const offSwitch = new OffSwitch(stateDir);
    offSwitch.turnOff();
    expect(await offSwitch.waitUntilQuiet(10_000)).toEqual([]);
    expect(readFileSync(file, 'utf8')).toBe('max\n');
    expect(lastLine()).toEqual({ type: 'finished', by: 'owner' });
    expect(await exited).toEqual([0, null]);
  });

  test('does not listen to the off switch, it is named', async () => {
    const child = await startActing(10_000, 'deaf');
    const offSwitch = new OffSwitch(stateDir);
    offSwitch.turnOff();
    expect(await offSwitch.waitUntilQuiet(100)).toMatchObject([
      { pid: child.pid, state: 'acting', description: 'a test' },
    ]);
  });

  test('lives, restoring leaves it alone', async () => {
    const child = await startActing();
    const { done, failed } = await restoreAbandoned(stateDir, roots);
    expect(done).toEqual([expect.stringContaining(`Process ${child.pid} still acts (a test)`)]);
    expect(failed).toEqual([]);
    expect(readFileSync(file, 'utf8')).toBe('67108864\n');
    expect(stateOf()).toEqual(['acting']);
  });
});

test.each([
  ['killed', 'SIGKILL'],
  // It would keep QEMU's line, and could punch later what a running guest has changed by then.
  ['hanging', 'SIGSTOP'],
] as const)('%s while a guest is stopped: ended, and the guest goes on', async (_, signal) => {
  const socketPath = join(roots.cgroup, 'qmp');
  await using qemu = await FakeQemu.listen(socketPath, 2 ** 30, 0);
  const script = `
    import { ActingSession } from ${JSON.stringify(import.meta.resolve('./acting-session.ts'))};
    import { Qmp } from ${JSON.stringify(import.meta.resolve('../host/linux/qmp.ts'))};
    const [stateDir, cgroup, pausedGuest] = process.argv.slice(1);
    const roots = { proc: '/proc', sys: '/sys', cgroup };
    const session = await ActingSession.open({
      stateDir, roots, description: 'a test', heartbeatLimitMs: 1000,
    });
    const qmp = await Qmp.open(pausedGuest);
    await session.during({ text: 'stop, then cont', undo: { pausedGuest } }, async () => {
      await qmp.execute('stop');
      process.stdout.write('stopped');
      await new Promise((resolve) => setTimeout(resolve, 30_000));
    });
  `;
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', script, stateDir, roots.cgroup, socketPath],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  started.push(child);
  await once(child.stdout!, 'data');
  expect(qemu.isRunning).toBe(false);
  const exited = once(child, 'exit');
  child.kill(signal);
  await eventually(() => qemu.isRunning && stateOf()[0] === 'finished');
  expect(qemu.orders).toEqual(['stop', 'cont']);
  expect(await exited).toEqual([null, 'SIGKILL']);
});

describe('a session in this process', () => {
  const open = (heartbeatLimitMs = 10_000) =>
    ActingSession.open({ stateDir, roots, description: 'a test', heartbeatLimitMs });

  test('closes by putting things back; no guard is left', async () => {
    const session = await open();
    expect(runs(session.guardPid)).toBe(true);
    session.record({ text: 'echo 1 > memory.high', undo: { file, content: 'max\n' } });
    writeFileSync(file, '1\n');
    expect(await session.close()).toEqual({ done: [`${file} is "max" again.`], failed: [] });
    expect(readFileSync(file, 'utf8')).toBe('max\n');
    expect(stateOf()).toEqual(['finished']);
    expect(runs(session.guardPid)).toBe(false);
    expect(() => session.record({ text: 'more', undo: null })).toThrow('has been closed');
  });

  test('what is over by itself is not taken back, and what failed in between is', async () => {
    const session = await open();
    const step = { text: 'echo 1 > memory.high', undo: { file, content: 'max\n' } };
    expect(await session.during(step, async () => 7)).toBe(7);
    writeFileSync(file, '1\n');
    expect(await session.close()).toEqual({ done: [], failed: [] });
    expect(readFileSync(file, 'utf8')).toBe('1\n');
    const second = await open();
    const failing = second.during(step, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    await second.close();
    expect(readFileSync(file, 'utf8')).toBe('max\n');
  });

  test('can be closed twice, and by `await using`', async () => {
    await using session = await open();
    expect(await session.close()).toEqual(await session.close());
  });

  test('notices when its guard dies, and stops', async () => {
    await using session = await open();
    const aborted = once(session.signal, 'abort');
    process.kill(session.guardPid, 'SIGKILL');
    await aborted;
    expect(session.signal.reason).toMatchObject({ code: 'TC_SYSTEM' });
    expect(() => session.record({ text: 'more', undo: null })).toThrow('no longer on watch');
  });

  test('does not go on after a silence in which its guard may have acted', async () => {
    await using session = await open(300);
    // This thread stands still: no heartbeat is sent and no event is seen.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
    expect(() => session.assertActing()).toThrow('no longer on watch');
  });

  test('refuses a step that could not be taken back, and writes nothing down', async () => {
    await using session = await open();
    const undo = { file: join(roots.cgroup, 'app/memory.max'), content: 'max' };
    expect(() => session.record({ text: 'echo 1 > memory.max', undo })).toThrow(
      expect.objectContaining({ code: 'TC_DENIED' }),
    );
    using journal = Journal.open(listJournals(stateDir)[0]!);
    expect(journal.pending).toEqual([]);
  });

  test('stops within the call that finds the off switch', async () => {
    await using session = await open();
    new OffSwitch(stateDir).turnOff();
    expect(() => session.record({ text: 'more', undo: null })).toThrow('"thermocline off --undo"');
    expect(session.signal.aborted).toBe(true);
  });

  test('listens to the off switch of the usual folder, wherever its own is', async () => {
    const usual = join(base, 'usual');
    mkdirSync(usual, { recursive: true, mode: 0o700 });
    vi.stubEnv('THERMOCLINE_STATE_DIR', usual);
    await using session = await open();
    const offSwitch = new OffSwitch(usual);
    offSwitch.turnOff();
    vi.unstubAllEnvs();
    expect(() => session.assertActing()).toThrow(`(${offSwitch.file})`);
    expect(await offSwitch.waitUntilQuiet(100, [stateDir])).toMatchObject([{ state: 'acting' }]);
    await session.close();
    expect(await offSwitch.waitUntilQuiet(100, [stateDir])).toEqual([]);
  });

  test('does not open while acting is switched off; lifting allows it again', async () => {
    const first = await open();
    await first.close();
    const offSwitch = new OffSwitch(stateDir);
    offSwitch.turnOff();
    await expect(open()).rejects.toMatchObject({ code: 'TC_DENIED' });
    offSwitch.lift();
    offSwitch.lift();
    await (await open()).close();
    expect(stateOf()).toEqual(['finished', 'finished']);
  });
});
