/**
 * Machines that were booted once, and continue from there in a second. A state is kept in the cache under
 * a hash of everything that it depends on.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import path from 'node:path';
import { Machine, type MachineShape, machineArguments, qemu } from './machine.ts';

/** What is left unused for longer is deleted: each state takes a third of a gigabyte. */
const keptForMs = 2 * 24 * 3_600_000;
/** A boot and what the tests need of a machine never take longer. */
const lifeLimitMs = 240_000;

/**
 * A fresh machine of this shape that answers.
 *
 * @param name of kernel and topology, for file names
 * @param say told when there is no state yet, as booting takes a while
 */
export async function startMachine(
  cache: string,
  name: string,
  shape: MachineShape,
  say: (line: string) => void,
): Promise<Machine> {
  const folder = path.join(cache, 'states');
  const state = path.join(folder, `${name}-${digest(shape)}.state`);
  if (!existsSync(state)) {
    mkdirSync(folder, { recursive: true });
    deleteStale(folder);
    const start = performance.now();
    const machine = await Machine.boot(shape, lifeLimitMs);
    try {
      await machine.save(`${state}.${process.pid}`);
      renameSync(`${state}.${process.pid}`, state);
    } finally {
      await machine[Symbol.asyncDispose]();
      rmSync(`${state}.${process.pid}`, { force: true });
    }
    say(`booted and saved in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
  const now = new Date();
  utimesSync(state, now, now);
  return Machine.restore(shape, state, lifeLimitMs);
}

/** The names of kernel and initrd files tell their contents. */
function digest(shape: MachineShape): string {
  const version = execFileSync(qemu, ['--version'], { encoding: 'utf8' });
  const hash = createHash('sha256').update(version);
  return hash.update(machineArguments(shape).join('\0')).digest('hex').slice(0, 16);
}

function deleteStale(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    if (Date.now() - statSync(file).mtimeMs > keptForMs) rmSync(file, { force: true });
  }
}
