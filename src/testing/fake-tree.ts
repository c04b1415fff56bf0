import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Roots } from '../host/host.ts';

/**
 * A temporary folder that stands for a machine's `/proc`, `/sys` and cgroup trees; `using` removes
 * it.
 */
export class FakeTree implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'thermocline-tree-'));
  readonly roots: Roots = {
    proc: join(this.folder, 'proc'),
    sys: join(this.folder, 'sys'),
    cgroup: join(this.folder, 'cgroup'),
  };

  /** @param files contents by path: `proc/meminfo`, `sys/devices/…`, `cgroup/…` */
  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const tree of Object.values(this.roots)) mkdirSync(tree);
    for (const [path, content] of Object.entries(files)) this.write(path, content);
  }

  /** Of a process that takes the tree for its machine, and keeps its state in it too. */
  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      THERMOCLINE_STATE_DIR: join(this.folder, 'state'),
      THERMOCLINE_PROC_ROOT: this.roots.proc,
      THERMOCLINE_SYSFS_ROOT: this.roots.sys,
      THERMOCLINE_CGROUP_ROOT: this.roots.cgroup,
    };
  }

  write(path: string, content: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  /** Removes a file, or a folder with all that is in it. */
  remove(path: string): void {
    rmSync(join(this.folder, path), { recursive: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
