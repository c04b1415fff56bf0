/** What the kernel says of memory elsewhere than in DAMON's files, and ways to arrange it. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const pageBytes = 4096;
/** Of an entry of `/proc/PID/pagemap`. */
const swappedBit = 1n << 62n;
const frameBits = (1n << 55n) - 1n;

/** A field of `/proc/PID/status`, as `VmSwap`, in bytes. */
export function statusBytes(pid: number, field: string): number {
  return kilobytes(readFileSync(`/proc/${pid}/status`, 'utf8'), field);
}

/** A field of `/proc/meminfo`, in bytes. */
export function meminfoBytes(field: string): number {
  return kilobytes(readFileSync('/proc/meminfo', 'utf8'), field);
}

/** Sum of the counters of `/proc/vmstat` whose names begin so, as `allocstall`. */
export function vmstat(name: string): number {
  const text = readFileSync('/proc/vmstat', 'utf8');
  const counters = text.matchAll(new RegExp(`^${name}\\w* (\\d+)$`, 'gm'));
  return [...counters].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** What `/proc/PID/smaps` says of the mappings between two addresses. */
export function smapsOf(
  pid: number,
  { start, end }: { readonly start: number; readonly end: number },
): { bytes(field: string): number; readonly flags: readonly string[] } {
  const mappings = readFileSync(`/proc/${pid}/smaps`, 'utf8')
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    .filter((text) => {
      const [from, to] = text.split(/[- ]/, 2).map((word) => Number.parseInt(word, 16));
      return from! < end && to! > start;
    });
  return {
    bytes: (field) => mappings.reduce((sum, text) => sum + kilobytes(text, field), 0),
    flags: mappings.flatMap((text) => /^VmFlags: (.*)$/m.exec(text)?.[1]?.trim().split(' ') ?? []),
  };
}

/** What the kernel says of each page between two addresses of a process. */
function pagemapOf(
  pid: number,
  { start, end }: { readonly start: number; readonly end: number },
): BigUint64Array {
  const entries = new BigUint64Array((end - start) / pageBytes);
  const file = openSync(`/proc/${pid}/pagemap`, 'r');
  readSync(file, entries, 0, entries.byteLength, (start / pageBytes) * entries.BYTES_PER_ELEMENT);
  closeSync(file);
  return entries;
}

/** Physical addresses of pages, in the order of their addresses. */
export function framesOf(pid: number, range: { start: number; end: number }): number[] {
  return Array.from(pagemapOf(pid, range), (entry) => Number(entry & frameBits) * pageBytes);
}

/** Bytes between two addresses that are in swap. */
export function swappedBytes(pid: number, range: { start: number; end: number }): number {
  return pagemapOf(pid, range).filter((entry) => (entry & swappedBit) !== 0n).length * pageBytes;
}

/** Bytes of the mapping at an address by memory node. */
export function bytesByNode(pid: number, start: number): Record<number, number> {
  const line = readFileSync(`/proc/${pid}/numa_maps`, 'utf8')
    .split('\n')
    .find((text) => Number.parseInt(text, 16) === start);
  const pages = [...(line ?? '').matchAll(/ N(\d+)=(\d+)/g)];
  return Object.fromEntries(pages.map(([, node, count]) => [Number(node), Number(count) * 4096]));
}

function kilobytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
}

/** Swap in compressed memory. */
export function swapOn(): void {
  if (/zram0/.test(readFileSync('/proc/swaps', 'utf8'))) return;
  writeFileSync('/sys/block/zram0/disksize', '128M');
  execFileSync('mkswap', ['/dev/zram0'], { stdio: 'ignore' });
  execFileSync('swapon', ['/dev/zram0']);
}

/**
 * An active and an inactive list: of generations, both that a new cgroup has count as active.
 */
export function twoLists(): void {
  writeFileSync('/sys/kernel/mm/lru_gen/enabled', 'n');
}

/** A cgroup that is removed at the end; its processes have to be gone by then. */
export class Cgroup implements AsyncDisposable {
  /** As DAMON's files want it: from the root of the hierarchy. */
  readonly path: string;
  readonly folder: string;

  constructor(name: string) {
    this.path = `/${name}`;
    this.folder = `/sys/fs/cgroup/${name}`;
    writeFileSync('/sys/fs/cgroup/cgroup.subtree_control', '+memory +cpuset');
    mkdirSync(this.folder, { recursive: true });
  }

  write(file: string, text: string): void {
    writeFileSync(`${this.folder}/${file}`, text);
  }

  /** A number of `memory.stat`. */
  stat(field: string): number {
    const text = readFileSync(`${this.folder}/memory.stat`, 'utf8');
    return Number(new RegExp(`^${field} (\\d+)$`, 'm').exec(text)![1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await until(
      () => readFileSync(`${this.folder}/cgroup.procs`, 'utf8') === '',
      'an empty cgroup',
    );
    rmdirSync(this.folder);
  }
}

/** Asks until the answer is yes. @param what is waited for, for the message if it never comes */
export async function until(
  ask: () => boolean | Promise<boolean>,
  what: string | (() => string),
  limitMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await ask())) {
    if (performance.now() > deadline) {
      const waited = typeof what === 'string' ? what : what();
      throw new Error(`${limitMs / 1000} s have passed without ${waited}`);
    }
    await sleep(100);
  }
}
