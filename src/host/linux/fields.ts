/** The kernel's small text formats. */

/** Numbers of `name value` lines, as in `/proc/vmstat` and a cgroup's `memory.stat`. */
export function parseCounters(text: string): Map<string, number> {
  const counters = new Map<string, number>();
  for (const line of text.split('\n')) {
    const blank = line.indexOf(' ');
    if (blank > 0) counters.set(line.slice(0, blank), Number(line.slice(blank + 1)));
  }
  return counters;
}

/**
 * Bytes of `Name:  123 kB` lines, as in `/proc/meminfo` and `/proc/PID/status`. Lines with other
 * contents are left out; what stands in front of the name (`Node 0 `) is dropped.
 */
export function parseKilobytes(text: string): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const match of text.matchAll(/(\S+):\s+(\d+) kB$/gm)) {
    sizes.set(match[1]!, Number(match[2]) * 1024);
  }
  return sizes;
}

/** Numbers of a list like `0-2,5`; empty for an empty list. */
export function parseNumberList(text: string): number[] {
  const numbers: number[] = [];
  for (const match of text.matchAll(/(\d+)(?:-(\d+))?/g)) {
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    for (let number = first; number <= last; number++) numbers.push(number);
  }
  return numbers;
}
