/** The processes that emulators run as. */
import { readdirSync, readFileSync } from 'node:fs';
import { qemu } from './machine.ts';

/** Processes below `pid`. */
export function descendants(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), Number(statOf(name)?.fields[1])] as const);
  const below = (parent: number): number[] =>
    parents.filter(([, its]) => its === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

/** Whether QEMU runs as `pid`; a zombie is as good as gone. */
export function isEmulator(pid: number): boolean {
  const stat = statOf(String(pid));
  return stat !== null && qemu.startsWith(stat.name) && stat.fields[0] !== 'Z';
}

/** Name, and the fields after it: state, parent, … */
function statOf(pid: string): { readonly name: string; readonly fields: string[] } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [start, end] = [text.indexOf('('), text.lastIndexOf(')')];
    return { name: text.slice(start + 1, end), fields: text.slice(end + 2).split(' ') };
  } catch {
    return null;
  }
}
