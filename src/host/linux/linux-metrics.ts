import { join } from 'node:path';
import type { Roots } from '../host.ts';
import { RereadableFile } from './rereadable-file.ts';

/**
 * Lines of a cgroup's `memory.numa_stat` that count pages on LRU lists; the blank ends the name.
 */
const LRU_LINES = ['inactive_anon ', '\nactive_anon ', 'inactive_file ', '\nactive_file '];

/**
 * What quota goals and watermarks ask of the machine, read anew each time: the core's `Metrics`.
 */
export class LinuxMetrics implements Disposable {
  readonly #roots: Roots;
  readonly #pressure: RereadableFile;
  readonly #memory: RereadableFile;
  readonly #nodes = new Map<number, RereadableFile>();
  readonly #cgroups = new Map<string, RereadableFile>();

  constructor(roots: Roots) {
    this.#roots = roots;
    this.#pressure = new RereadableFile(join(roots.proc, 'pressure/memory'));
    this.#memory = new RereadableFile(join(roots.proc, 'meminfo'));
  }

  /** 0 for ever on a kernel that accounts no pressure. */
  someMemoryPressureUs(): number {
    // The first line is "some".
    return this.#pressure.refresh() ? Math.max(0, this.#pressure.numberAfter('total=')) : 0;
  }

  freeMemoryPermil(): number {
    if (!this.#memory.refresh()) return 1000;
    const total = this.#memory.numberAfter('MemTotal:');
    return total > 0 ? Math.floor((this.#memory.numberAfter('MemFree:') * 1000) / total) : 1000;
  }

  /** In bytes; null for a node that does not exist. */
  nodeMemory(nid: number): { readonly total: number; readonly free: number } | null {
    const file = this.#open(this.#nodes, nid, () =>
      join(this.#roots.sys, `devices/system/node/node${nid}/meminfo`),
    );
    if (!file.refresh()) return null;
    return {
      total: file.numberAfter('MemTotal:') * 1024,
      free: file.numberAfter('MemFree:') * 1024,
    };
  }

  /** In bytes; null for a cgroup that does not exist, or has no memory accounting. */
  cgroupMemoryOnNode(memcgPath: string, nid: number): number | null {
    const file = this.#open(this.#cgroups, memcgPath, () =>
      join(this.#roots.cgroup, memcgPath, 'memory.numa_stat'),
    );
    if (!file.refresh()) return null;
    let bytes = 0;
    for (const line of LRU_LINES) {
      const at = file.find(line);
      if (at >= 0) bytes += Math.max(0, file.numberAfter(` N${nid}=`, at));
    }
    return bytes;
  }

  /** In kilobytes, as is `inactiveMemory`. */
  activeMemory(): number {
    return this.#memory.refresh() ? Math.max(0, this.#memory.numberAfter('Active:')) : 0;
  }

  inactiveMemory(): number {
    return this.#memory.refresh() ? Math.max(0, this.#memory.numberAfter('Inactive:')) : 0;
  }

  [Symbol.dispose](): void {
    this.#pressure[Symbol.dispose]();
    this.#memory[Symbol.dispose]();
    for (const file of this.#nodes.values()) file[Symbol.dispose]();
    for (const file of this.#cgroups.values()) file[Symbol.dispose]();
  }

  #open<Key>(files: Map<Key, RereadableFile>, key: Key, path: () => string): RereadableFile {
    let file = files.get(key);
    if (file === undefined) {
      file = new RereadableFile(path());
      files.set(key, file);
    }
    return file;
  }
}
