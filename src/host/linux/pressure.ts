import type { Pressure } from '../host.ts';
import { readTextIfAny } from './read-file.ts';

/** Reads a file of pressure stall information; null where the kernel does not account it. */
export function readPressure(path: string): Pressure | null {
  const text = readTextIfAny(path);
  if (text === null) return null;
  const some = /^some .*total=(\d+)/m.exec(text);
  if (some === null) return null;
  const full = /^full .*total=(\d+)/m.exec(text);
  return { someUs: Number(some[1]), fullUs: full ? Number(full[1]) : 0 };
}
