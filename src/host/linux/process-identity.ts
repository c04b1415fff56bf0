/** Which process, for good: a process number alone is used again after its process has gone. */
import { readFileSync } from 'node:fs';

/** A process that is not mistaken for a later one. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the kernel's clock ticks since boot. */
  readonly startTicks: number;
  /** The boot that it belongs to. */
  readonly bootId: string;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTicks: startTicksOf(process.pid) ?? 0, bootId: currentBootId() };
}

/** A name for this boot that no other boot has. */
export function currentBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Whether that very process still runs, not one that got its number later. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identity.bootId === currentBootId() && startTicksOf(identity.pid) === identity.startTicks;
}

/** Null when there is no such process, or when it has ended and only waits to be collected. */
function startTicksOf(pid: number): number | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The name, in parentheses, may hold anything; the fields after it start with the state, field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[22 - 3]);
}
