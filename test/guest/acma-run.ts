/** `thermocline acma run` on guests, out here, and what it prints. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { mebibyte, type ScaledGuest, wholeBytes } from './scaled-guest.ts';

/** The least that each guest is left with. */
const min = 256 * mebibyte;
/** The most of both together. */
export const budget: number = 1350 * mebibyte;
const program = path.join(import.meta.dirname, '../../bin/thermocline.js');

/** What a step of the run prints of a guest. */
interface Line {
  readonly name: string;
  readonly timeUs: number;
  readonly sizeBytes: number;
  readonly overshootBytes: number;
  readonly usedBytes: number;
  readonly reclaimedBytes: number;
  readonly agentBytes: number;
  readonly held: {
    readonly nrHeld: number;
    readonly nrRefused: number;
    readonly longestPauseMs: number;
    readonly structBytesGivenUp: number;
  } | null;
  readonly pressureFrom: string;
  readonly why: string;
}

/** A run of the command, and what it has printed so far; killed at the end. */
export class AcmaRun implements Disposable {
  readonly lines: Line[] = [];
  readonly ended: Promise<unknown>;
  errors = '';
  readonly #child: ChildProcess;

  /** @param more options of the command */
  constructor(sockets: readonly string[], stateDir: string, more: readonly string[] = []) {
    const knobs = ['--min', `${min}`, '--max', `${wholeBytes}`, '--budget', `${budget}`, '--json'];
    const words = [program, 'acma', 'run', '--qemu', ...sockets, ...knobs, ...more];
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

  /** The newest line on a guest. */
  latest({ socket }: Pick<ScaledGuest, 'socket'>): Line | undefined {
    return this.lines.findLast(({ name }) => name.endsWith(socket));
  }

  /** The newest of all, and what went wrong: for messages. */
  get told(): string {
    const names = [...new Set(this.lines.map(({ name }) => name))];
    const latest = names.map((name) => this.lines.findLast((line) => line.name === name));
    return `${JSON.stringify(latest)} ${this.errors}`;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  [Symbol.dispose](): void {
    this.kill('SIGKILL');
  }
}

/** What guests may have fits the budget at each moment; what one has beyond goes within 10 s. */
export function checkBudget(lines: readonly Line[]): void {
  const latest = new Map<string, Line>();
  let overSinceUs: number | null = null;
  const sum = (of: (line: Line) => number) =>
    [...latest.values()].reduce((all, line) => all + of(line), 0);
  for (const line of lines) {
    latest.set(line.name, line);
    assert.ok(line.sizeBytes >= min && line.sizeBytes <= wholeBytes, JSON.stringify(line));
    const granted = sum(({ sizeBytes }) => sizeBytes);
    const told = () => JSON.stringify([...latest.values()]);
    assert.ok(granted <= budget, `${granted / mebibyte} MiB: ${told()}`);
    const isOver = granted + sum(({ overshootBytes }) => overshootBytes) > budget;
    overSinceUs = isOver ? (overSinceUs ?? line.timeUs) : null;
    if (overSinceUs !== null) assert.ok(line.timeUs - overSinceUs <= 10e6, told());
  }
}
