/** The machine of a kernel monitor. */
import { availableParallelism } from 'node:os';
import { type Clock, monotonicClock } from '../base/clock.ts';
import type { Roots } from '../host/host.ts';
import { currentBoot } from '../kernel/boot.ts';
import type { Boot } from '../kernel/claim.ts';
import type { SysfsFiles } from '../kernel/sysfs-files.ts';
import { threadCpuUs } from './kernel-cost.ts';
import { openSysfs, openTracefs } from './kernel-slots.ts';
import type { TraceSource } from './kernel-trace.ts';

/** What a kernel monitor sees and changes of a machine. */
export interface KernelMachine extends TraceSource {
  readonly files: SysfsFiles;
  readonly boot: Boot;
  readonly clock: Clock;
  /** CPU time that a thread has used. */
  cpuUsOf(pid: number): number;
}

/** This one, below `roots`. */
export function realKernelMachine(roots: Roots): KernelMachine {
  return {
    files: openSysfs(roots),
    boot: currentBoot(roots),
    clock: monotonicClock,
    cpuUsOf: (pid) => threadCpuUs(roots, pid),
    traceFiles: openTracefs(roots),
    nrCpus: availableParallelism(),
  };
}
