/**
 * A lock between processes of this machine that can't be left behind: a name in the abstract
 * namespace of unix sockets, which the kernel frees when its holder ends, however it ends.
 */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ThermoclineError } from '../../base/errors.ts';
import { errnoName } from './read-file.ts';

const PAUSE_MS = 10;

/**
 * Does `work` while no other process does the same under this name.
 * @throws ThermoclineError TC_BUSY when another process holds the lock for longer than `limitMs`
 */
export async function withProcessLock<T>(
  name: string,
  work: () => Promise<T>,
  limitMs = 10_000,
): Promise<T> {
  const server = await hold(name, limitMs);
  try {
    return await work();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

async function hold(name: string, limitMs: number): Promise<Server> {
  // Names of sockets are short, and paths need not be.
  const path = `\0thermocline-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
  const endMs = performance.now() + limitMs;
  for (;;) {
    try {
      return await listen(path);
    } catch (cause) {
      if (errnoName(cause) !== 'EADDRINUSE') throw cause;
      if (performance.now() >= endMs) {
        throw new ThermoclineError(
          'TC_BUSY',
          `Another process has been working on ${name} for ${limitMs / 1000} s; wait for it, or end it.`,
          { cause },
        );
      }
      await sleep(PAUSE_MS);
    }
  }
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((stranger) => stranger.destroy());
    server.once('error', reject);
    server.listen({ path }, () => resolve(server));
  });
}
