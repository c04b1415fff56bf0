/** Which process serves a QEMU's control channel, by what the kernel knows of sockets. */
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../host.ts';
import { readTextIfAny } from './read-file.ts';

/** As `/proc/net/unix` has one that listens: flags, type, state, inode, path. */
const LISTENING = /^\S+ \S+ \S+ 00010000 \S+ \S+ +(\d+) (.+)$/gm;

/**
 * @param socketPath as QEMU was told it, from the root on
 * @throws ThermoclineError TC_UNSUPPORTED unless it is exactly one process that can be looked at
 */
export function qemuProcessOf(roots: Roots, socketPath: string): number {
  const text = readTextIfAny(join(roots.proc, 'net/unix')) ?? '';
  const sockets = [...text.matchAll(LISTENING)].filter(([, , path]) => path === socketPath);
  const links = new Set(sockets.map(([, inode]) => `socket:[${inode}]`));
  const pids = links.size === 0 ? [] : processes(roots).filter((pid) => holds(roots, pid, links));
  if (pids.length === 1) return pids[0]!;
  const what = pids.length === 0 ? 'no process' : `${pids.length} processes`;
  throw new ThermoclineError(
    'TC_UNSUPPORTED',
    `Blocks can't be held of the guest at ${socketPath}: ${what} that can be looked at listens there; ` +
      "run as QEMU's user or root, and start QEMU with the whole path of its socket.",
  );
}

function processes({ proc }: Roots): number[] {
  return readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function holds(roots: Roots, pid: number, links: ReadonlySet<string>): boolean {
  return descriptors(roots, pid).some(({ target }) => links.has(target));
}

/** Open files of a process and what they are; empty where they can't be read. */
export function descriptors(
  { proc }: Roots,
  pid: number,
): { readonly path: string; readonly target: string }[] {
  const folder = join(proc, String(pid), 'fd');
  try {
    return readdirSync(folder).map((name) => {
      const path = join(folder, name);
      return { path, target: linkOf(path) };
    });
  } catch {
    return [];
  }
}

/** Empty for one that was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
