/**
 * Machines that were booted once, and continue from there in a second, as often as anybody likes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cached } from './cache.ts';
import { Machine, type MachineShape, machineArguments, qemu } from './machine.ts';

/** A boot, or what the tests need of a machine, never takes longer. */
const lifeLimitMs = 240_000;

/** States by file name, so that suites that run side by side boot one machine and not two. */
const states = new Map<string, Promise<string>>();

/**
 * A fresh machine of this shape that answers.
 *
 * @param name of kernel and topology, for file names
 * @param say told when there was no state yet, as booting takes a while
 * @param more arguments of QEMU that change nothing in the guest
 */
export async function startMachine(
  name: string,
  shape: MachineShape,
  say: (line: string) => void,
  more: readonly string[] = [],
): Promise<Machine> {
  return Machine.restore(shape, await savedState(name, shape, say), lifeLimitMs, more);
}

/** The file to continue such a machine from; it is booted where there is none yet. */
export function savedState(
  name: string,
  shape: MachineShape,
  say: (line: string) => void,
): Promise<string> {
  const file = `states/${name}-${digest(shape)}`;
  if (!states.has(file)) states.set(file, bootAndSave(file, shape, say));
  return states.get(file)!;
}

function bootAndSave(
  file: string,
  shape: MachineShape,
  say: (line: string) => void,
): Promise<string> {
  return cached(file, async (temporary) => {
    const start = performance.now();
    await using machine = await Machine.boot(shape, lifeLimitMs);
    await machine.save(temporary);
    say(`booted and saved in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  });
}

/** The names of kernel and initrd files tell their contents. */
function digest(shape: MachineShape): string {
  const version = execFileSync(qemu, ['--version'], { encoding: 'utf8' });
  const hash = createHash('sha256').update(version);
  return hash.update(machineArguments(shape).join('\0')).digest('hex').slice(0, 16);
}
