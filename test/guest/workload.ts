/**
 * A process with a mapping of its own at a known address, of which it keeps touching the first quarter,
 * page by page. Runs by itself: `node workload.js MIB`; others start it by {@link startWorkload}.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Far from everything else in an address space, so that the kernel joins it with nothing. */
const start = 0x1000_0000_0000;
const pageBytes = 4096;
/** Between two rounds: less than any sampling interval, and some rest for the others. */
const pauseMs = 2;
/** It never runs for longer, whoever forgets it. */
const lifeMs = 90_000;

/** A workload in a process of its own. */
export interface Workload extends Disposable {
  readonly pid: number;
  readonly start: number;
  readonly end: number;
  /** Where the touched quarter ends; it begins at `start`. */
  readonly hotEnd: number;
}

/** Starts a workload and waits until all of its memory is there. */
export async function startWorkload(mebibytes: number): Promise<Workload> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), `${mebibytes}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  }) as ChildProcess & { readonly stdout: NodeJS.ReadableStream };
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('the workload has ended at once'))),
  ]);
  const bytes = mebibytes * 2 ** 20;
  return {
    pid: child.pid!,
    start,
    end: start + bytes,
    hotEnd: start + bytes / 4,
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

async function work(bytes: number): Promise<void> {
  const { default: koffi } = await import('koffi');
  const libc = koffi.load(null);
  const map = libc.func('mmap', 'uintptr_t', ['uintptr_t', 'size_t', 'int', 'int', 'int', 'long']);
  const advise = libc.func('madvise', 'int', ['uintptr_t', 'size_t', 'int']);
  const readWrite = 3;
  const privateAnonymousFixed = 0x100022;
  const noHugePages = 15;
  if (Number(map(start, bytes, readWrite, privateAnonymousFixed, -1, 0)) !== start) {
    throw new Error('the address is taken');
  }
  // Pages by themselves: of a huge page, nobody could tell which part is touched.
  advise(start, bytes, noHugePages);
  const memory = new Uint8Array(koffi.view(BigInt(start), bytes));
  const touch = (length: number) => {
    for (let offset = 0; offset < length; offset += pageBytes) memory[offset]!++;
  };
  touch(bytes);
  process.stdout.write('ready\n');
  setInterval(touch, pauseMs, bytes / 4);
  setTimeout(() => process.exit(), lifeMs);
}

if (import.meta.main) await work(Number(process.argv[2]) * 2 ** 20);
