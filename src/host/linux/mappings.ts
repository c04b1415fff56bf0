import { join } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { AddressRange } from '../../params/types.ts';
import type { Roots } from '../host.ts';
import { joinNeighbours } from './memory-ranges.ts';
import { readTextIfAny } from './read-file.ts';

/** One mapping of a process. */
export interface MemoryMapping {
  readonly start: number;
  readonly end: number;
  /** The file, `[heap]`, `[stack]`, …; empty for most anonymous memory. */
  readonly name: string;
}

/** How many names an error lists. */
const MAX_LISTED = 8;

/** By address; empty for a process that is gone. */
export function readMappings(roots: Roots, pid: number): MemoryMapping[] {
  const found: MemoryMapping[] = [];
  // Lines like `7f00-7f10 r--p 0 fe:00 260850   /usr/bin/sed`.
  const text = readTextIfAny(join(roots.proc, String(pid), 'maps')) ?? '';
  for (const match of text.matchAll(/^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+ *(.*)$/gm)) {
    const start = Number.parseInt(match[1]!, 16);
    const end = Number.parseInt(match[2]!, 16);
    // Beyond 2^53 there is only the vsyscall page, which is no memory of the process.
    if (end <= Number.MAX_SAFE_INTEGER) found.push({ start, end, name: match[3]! });
  }
  return found;
}

/**
 * Addresses of the mappings that are called so, in order, neighbours joined.
 * @param names as in `/proc/PID/maps`: a file's path, its last part, `[heap]`, or `START-END` in
 * hexadecimal for all mappings within
 * @throws ThermoclineError TC_NOT_FOUND for a name that no mapping has
 */
export function mappingRanges(roots: Roots, pid: number, names: readonly string[]): AddressRange[] {
  const mappings = readMappings(roots, pid);
  const chosen = new Set(names.flatMap((name) => named(mappings, pid, name)));
  return joinNeighbours(mappings.filter((mapping) => chosen.has(mapping)));
}

function named(mappings: readonly MemoryMapping[], pid: number, name: string): MemoryMapping[] {
  const [, start, end] = /^([0-9a-f]{1,13})-([0-9a-f]{1,13})$/.exec(name) ?? [];
  const found =
    start === undefined || end === undefined
      ? mappings.filter((one) => one.name === name || one.name.endsWith(`/${name}`))
      : mappings.filter(
          (one) => one.start >= Number.parseInt(start, 16) && one.end <= Number.parseInt(end, 16),
        );
  if (found.length > 0) return found;
  const known = [...new Set(mappings.map((one) => one.name))].filter((one) => one !== '');
  const some = known.slice(0, MAX_LISTED).join(', ');
  throw new ThermoclineError(
    'TC_NOT_FOUND',
    known.length === 0
      ? `Process ${pid} has no mappings that can be read, so there is no ${name}.`
      : `Process ${pid} has no mapping ${name}; it has ${some}${known.length > MAX_LISTED ? ', …' : ''} ` +
          `(/proc/${pid}/maps).`,
  );
}
