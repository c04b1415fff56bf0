import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../host.ts';
import { hasEnded, type ProcessStat } from './process-stat.ts';
import { fileProblem, isGone } from './read-file.ts';

/** Null, or why the memory map of a process can't be read. */
export function memoryMapProblem(roots: Roots, stat: ProcessStat): ThermoclineError | null {
  const who = `Process ${stat.pid} (${stat.name})`;
  if (hasEnded(stat)) {
    return new ThermoclineError(
      'TC_NOT_FOUND',
      `${who} has ended and only waits to be collected by its parent: it has no memory left.`,
    );
  }
  if (stat.isKernelThread) {
    return new ThermoclineError(
      'TC_UNSUPPORTED',
      `${who} is a thread of the kernel: it has no memory of its own to watch.`,
    );
  }
  const path = join(roots.proc, String(stat.pid), 'smaps');
  try {
    closeSync(openSync(path, 'r'));
    return null;
  } catch (error) {
    if (isGone(error)) return new ThermoclineError('TC_NOT_FOUND', `${who} has ended.`);
    return fileProblem(path, error);
  }
}
