/** Two real guests under one budget, steered from out here by their balloons. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { descendants, isEmulator } from './emulators.ts';
import type { GuestSuite } from './harness.ts';
import type { Rig } from './jobs.ts';
import type { Machine } from './machine.ts';
import { until } from './memory-figures.ts';

const mebibyte = 2 ** 20;
const min = 256 * mebibyte;
const max = 1024 * mebibyte;
const budget = 1350 * mebibyte;
const program = path.join(import.meta.dirname, '../../bin/thermocline.js');
const holder = path.join(import.meta.dirname, 'hold.mjs');

/** What a step of the run prints of a guest. */
interface Line {
  readonly name: string;
  readonly timeUs: number;
  readonly sizeBytes: number;
  readonly overshootBytes: number;
  readonly usedBytes: number;
  readonly why: string;
}

/** One guest, and where its balloon is asked for. */
class Guest implements AsyncDisposable {
  readonly machine: Machine;
  readonly socket: string;

  constructor(machine: Machine, socket: string) {
    this.machine = machine;
    this.socket = socket;
  }

  /** Has the guest hold memory for so long; `done` tells whether it was as it was at the end. */
  hold(
    mebibytes: number,
    seconds: number,
  ): { readonly held: Promise<void>; readonly done: Promise<string> } {
    const held = Promise.withResolvers<void>();
    const command = ['node', '/tmp/hold.mjs', `${mebibytes}`, `${seconds}`];
    const run = this.machine.run(command, {
      timeLimitMs: (seconds + 40) * 1000,
      onLine: () => held.resolve(),
    });
    run.catch((error: Error) => held.reject(error));
    return { held: held.promise, done: run.then(({ stdout, stderr }) => stdout.trim() + stderr) };
  }

  /** What the file that the guest's memory is in takes of the host. */
  get hostBytes(): number {
    const emulator = descendants(this.machine.pid).find(isEmulator)!;
    const folder = `/proc/${emulator}/fd`;
    const isMemory = (fd: string) => readlinkSync(`${folder}/${fd}`).startsWith('/memfd:');
    const fd = readdirSync(folder).find(isMemory)!;
    return statSync(`${folder}/${fd}`).blocks * 512;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }
}

/** A run of the command, and what it has printed so far. */
class Run {
  readonly lines: Line[] = [];
  readonly ended: Promise<unknown>;
  errors = '';
  readonly #child: ChildProcess;

  constructor(sockets: readonly string[], stateDir: string) {
    const knobs = ['--min', `${min}`, '--max', `${max}`, '--budget', `${budget}`, '--json'];
    const words = [program, 'acma', 'run', '--qemu', ...sockets, ...knobs];
    this.#child = spawn(process.execPath, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, THERMOCLINE_STATE_DIR: stateDir },
    });
    this.ended = once(this.#child, 'exit');
    this.#child.stderr!.on('data', (text) => {
      this.errors += text;
    });
    createInterface(this.#child.stdout!).on('line', (line) => this.lines.push(JSON.parse(line)));
  }

  latest({ socket }: Guest): Line | undefined {
    return this.lines.findLast(({ name }) => name.endsWith(socket));
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** @param rig machines with balloons */
export function acmaGuestTests(rig: Rig): GuestSuite['tests'] {
  return {
    async 'two guests share a budget as their load moves, nothing of theirs is lost, and killed, all is back'(
      t,
    ) {
      const folder = mkdtempSync(path.join(tmpdir(), 'thermocline-guests-'));
      try {
        await using a = await startGuest(rig, path.join(folder, 'a.qmp'));
        await using b = await startGuest(rig, path.join(folder, 'b.qmp'));
        const run = new Run([a.socket, b.socket], path.join(folder, 'state'));
        try {
          await shareAndMove(run, a, b, t.note);
        } finally {
          run.kill('SIGKILL');
        }
        const killed = performance.now();
        for (const guest of [a, b]) {
          await until(async () => (await balloonOf(guest)) === max, 'the whole guest', 15_000);
        }
        t.note(`back ${((performance.now() - killed) / 1000).toFixed(1)} s after the kill`);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  };
}

async function shareAndMove(run: Run, a: Guest, b: Guest, note: (text: string) => void) {
  const granted = () => (run.latest(a)?.sizeBytes ?? max) + (run.latest(b)?.sizeBytes ?? max);
  const told = () => `${JSON.stringify([run.latest(a), run.latest(b)])} ${run.errors}`;
  const mib = (bytes: number) => `${Math.round(bytes / mebibyte)} MiB`;
  const sizes = () => [a, b].map((guest) => mib(run.latest(guest)!.sizeBytes)).join(' + ');
  const hosts = () => [a, b].map((guest) => mib(guest.hostBytes)).join(' + ');
  await until(() => granted() <= budget, told, 40_000);
  note(`${sizes()} at first`);
  const from = run.lines.length;
  const first = a.hold(400, 1);
  await first.held;
  note(`${sizes()} with the load in the first, ${hosts()} of the host`);
  assert.ok(a.hostBytes > b.hostBytes, hosts());
  assert.equal(await first.done, 'holds\nintact');
  const second = b.hold(400, 1);
  await second.held;
  note(`${sizes()} with it in the second, ${hosts()} of the host`);
  assert.ok(b.hostBytes > a.hostBytes, hosts());
  assert.equal(await second.done, 'holds\nintact');
  checkBudget(run.lines.slice(from));
}

/** What guests may have fits the budget at each moment; what one has beyond goes within 10 s. */
function checkBudget(lines: readonly Line[]): void {
  const latest = new Map<string, Line>();
  let overSinceUs: number | null = null;
  const sum = (of: (line: Line) => number) =>
    [...latest.values()].reduce((all, line) => all + of(line), 0);
  for (const line of lines) {
    latest.set(line.name, line);
    assert.ok(line.sizeBytes >= min && line.sizeBytes <= max, JSON.stringify(line));
    const granted = sum(({ sizeBytes }) => sizeBytes);
    assert.ok(
      granted <= budget,
      `${granted / mebibyte} MiB: ${JSON.stringify([...latest.values()])}`,
    );
    const isOver = granted + sum(({ overshootBytes }) => overshootBytes) > budget;
    overSinceUs = isOver ? (overSinceUs ?? line.timeUs) : null;
    if (overSinceUs !== null) assert.ok(line.timeUs - overSinceUs <= 10e6, JSON.stringify(line));
  }
}

async function startGuest(rig: Rig, socket: string): Promise<Guest> {
  const machine = await rig.start('-qmp', `unix:${socket},server=on,wait=off`);
  await machine.put({ '/tmp/hold.mjs': readFileSync(holder, 'utf8') });
  return new Guest(machine, socket);
}

async function balloonOf({ machine }: Guest): Promise<number> {
  return (await machine.control<{ actual: number }>('query-balloon')).actual;
}
