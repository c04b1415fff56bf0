import { join } from 'node:path';
import type { Roots } from '../host/host.ts';
import { readProcessStat } from '../host/linux/process-stat.ts';
import { readTextIfAny } from '../host/linux/read-file.ts';

/** One tick of the times in `/proc/PID/stat`, on every architecture. */
const TICK_US = 10_000;

/**
 * CPU time of a kernel thread in microseconds; 0 once it is gone. `/proc/PID/schedstat` has it to
 * the nanosecond; where the kernel was built without, `/proc/PID/stat` has it in ticks.
 */
export function threadCpuUs(roots: Roots, pid: number): number {
  const exact = readTextIfAny(join(roots.proc, String(pid), 'schedstat'));
  const nanoseconds = Number(exact?.split(' ')[0]);
  if (exact !== null && nanoseconds > 0) return Math.round(nanoseconds / 1000);
  return (readProcessStat(roots, pid)?.cpuTicks ?? 0) * TICK_US;
}
