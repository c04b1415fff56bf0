import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Roots } from '../host.ts';
import { parseKilobytes } from './fields.ts';
import { fileProblem, readTextIfAny } from './read-file.ts';

/** Set in a process' flags when it is a thread of the kernel. */
const PF_KTHREAD = 0x200000;

/** What `/proc/PID/stat` tells. */
export interface ProcessStat {
  readonly pid: number;
  /** At most 15 characters. */
  readonly name: string;
  /** One letter; `Z` and `X` have ended. */
  readonly state: string;
  readonly parentPid: number;
  readonly isKernelThread: boolean;
  readonly majorFaults: number;
  /** CPU time in user space and in the kernel, in clock ticks of 10 ms. */
  readonly cpuTicks: number;
  /** When it started, in clock ticks since boot: a pid with another start is another process. */
  readonly startTicks: number;
}

/** Null when there is no such process. */
export function readProcessStat(roots: Roots, pid: number): ProcessStat | null {
  const text = readTextIfAny(join(roots.proc, String(pid), 'stat'));
  if (text === null) return null;
  // The name may hold blanks and parentheses, so the last parenthesis ends it.
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const rest = text.slice(close + 2).split(' ');
  return {
    pid,
    name: text.slice(open + 1, close),
    state: rest[0] ?? '?',
    parentPid: Number(rest[1]),
    isKernelThread: (Number(rest[6]) & PF_KTHREAD) !== 0,
    majorFaults: Number(rest[9]),
    cpuTicks: Number(rest[11]) + Number(rest[12]),
    startTicks: Number(rest[19]),
  };
}

/** Whether the process has ended, though its parent has not noticed yet. */
export function hasEnded(stat: ProcessStat): boolean {
  return stat.state === 'Z' || stat.state === 'X';
}

/** All pids, ascending. */
export function listPids(roots: Roots): number[] {
  let names: string[];
  try {
    names = readdirSync(roots.proc);
  } catch (error) {
    throw fileProblem(roots.proc, error);
  }
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Resident and swapped memory of a process; zeros for one that is gone. */
export function readProcessMemory(
  roots: Roots,
  pid: number,
): { readonly residentBytes: number; readonly swappedBytes: number } {
  const sizes = parseKilobytes(readTextIfAny(join(roots.proc, String(pid), 'status')) ?? '');
  return { residentBytes: sizes.get('VmRSS') ?? 0, swappedBytes: sizes.get('VmSwap') ?? 0 };
}
