import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Roots } from '../../host/host.ts';
import { safeText, shorten } from '../terminal/line.ts';

/** `pid 1234 (postgres)`, or `3 processes (nginx, nginx, redis)`. */
export function processesName(pids: readonly number[], roots: Roots): string {
  const names = pids.map((pid) => processName(pid, roots));
  if (pids.length === 1) return `pid ${pids[0]}${names[0] === '' ? '' : ` (${names[0]})`}`;
  return `${pids.length} processes (${shorten(names.filter(Boolean).join(', '), 60)})`;
}

/** Empty for a process that is gone: the monitor will say so. */
function processName(pid: number, roots: Roots): string {
  try {
    return safeText(readFileSync(join(roots.proc, String(pid), 'comm'), 'utf8').trim());
  } catch {
    return '';
  }
}
