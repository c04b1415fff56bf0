/** The kernel's DAMON as its sysfs files show it, in memory (spec section 10). */
import { ADMIN_FOLDER, SysfsError, type SysfsFiles } from '../kernel/sysfs-files.ts';
import { type FakeKernel, numbered } from './fake-damon/context-tree.ts';
import { FakeSlot, type SlotSurroundings } from './fake-damon/fake-slot.ts';
import { FakeModules } from './fake-damon/modules.ts';
import { type FakeFolder, type FakeNode, folder, Refusal } from './fake-damon/nodes.ts';
import type { Release } from './fake-damon/release-history.ts';
import type { FakeWorld } from './fake-damon/running-kdamond.ts';
import type { FakeTracefs } from './fake-tracefs.ts';
import { scriptedOperations } from './scripted-operations.ts';

export type { Release } from './fake-damon/release-history.ts';
export type { FakeWorld } from './fake-damon/running-kdamond.ts';

/** What a fake is like; all of it optional. */
export interface FakeDamonOptions {
  /** Which kernel's files and words it has; by default 7.3's. */
  readonly release?: Release;
  /** What kdamonds watch; by default 64 MiB whose first quarter is always accessed. */
  readonly world?: FakeWorld;
  /** Whether a process exists; by default each does whose number is above 0. */
  readonly processExists?: (pid: number) => boolean;
  /** Where its kdamonds come by the trace point of aggregation; by default nowhere. */
  readonly tracefs?: FakeTracefs;
  /** DAMON_STAT runs from the start, as on a kernel that was built so. */
  readonly statAtBoot?: boolean;
}

/** A write that was tried. */
export interface FakeWrite {
  readonly path: string;
  readonly text: string;
  readonly errno: string | null;
}

const MIB = 2 ** 20;

const defaultWorld: FakeWorld = {
  operationsFor: (params) => ({
    ...scriptedOperations({
      ranges: [{ start: 0, end: 64 * MIB }],
      accessed: (address) => address < 16 * MIB,
    }),
    id: params.operations,
  }),
};

/**
 * A whole sysfs with nothing in it but DAMON. Kdamonds that are switched on are the core itself, so
 * that statistics, regions and tuned intervals are real; time passes in `runFor` and in commands
 * that wait.
 */
export class FakeDamonSysfs implements SysfsFiles {
  /** Every write, in order. */
  readonly writes: FakeWrite[] = [];
  readonly #kernel: FakeKernel;
  readonly #root: FakeFolder;
  readonly #slots = new Map<FakeFolder, FakeSlot>();
  readonly #kdamonds: FakeFolder;
  readonly #modules: FakeModules;
  #nextPid = 1_000;

  constructor(options: FakeDamonOptions = {}) {
    this.#kernel = { release: options.release ?? '7.3', lockHeld: false };
    this.#modules = new FakeModules(this.#kernel, {
      othersRun: () => this.#slotsInUse().some((slot) => slot.isOn),
      nextPid: () => this.#nextPid++,
    });
    this.#kdamonds = this.#kdamondsFolder({
      world: options.world ?? defaultWorld,
      processExists: options.processExists ?? ((pid) => pid > 0),
      tracefs: options.tracefs ?? null,
    });
    const admin = folder({ kdamonds: this.#kdamonds });
    this.#root = folder({
      kernel: folder({ mm: folder({ damon: folder({ admin }) }) }),
      module: this.#modules.folder,
    });
    if (options.statAtBoot) this.#modules.switchOn('damon_stat');
  }

  read(path: string): string {
    const node = this.#node(path, 'read');
    if (node instanceof Map) throw new SysfsError('read', path, 'EISDIR');
    return this.#told('read', path, () => node.read());
  }

  async write(path: string, text: string): Promise<void> {
    let errno: string | null = null;
    try {
      const node = this.#find(path);
      // A file can't be made in sysfs: who opens one to make it is told that he may not.
      if (node === null) throw new SysfsError('written', path, 'EACCES');
      if (node instanceof Map) throw new SysfsError('written', path, 'EISDIR');
      if (!node.write) throw new SysfsError('written', path, 'EACCES');
      // Nothing to write is nothing that a file hears of.
      if (text !== '') this.#told('written', path, () => node.write!(text));
    } catch (error) {
      errno = error instanceof SysfsError ? error.errno : null;
      throw error;
    } finally {
      this.writes.push({ path, text, errno });
    }
  }

  list(path: string): readonly string[] {
    const node = this.#node(path, 'read');
    if (!(node instanceof Map)) throw new SysfsError('read', path, 'ENOTDIR');
    return [...node.keys()];
  }

  exists(path: string): boolean {
    return this.#find(path) !== null;
  }

  /** Lets time pass for all kdamonds. */
  runFor(durationUs: number): void {
    for (const slot of this.#slotsInUse()) slot.runFor(durationUs);
  }

  /** As while another command blocks: who needs the interface's lock is told EBUSY. */
  set lockHeld(held: boolean) {
    this.#kernel.lockHeld = held;
  }

  /** Every file below a folder and what it holds, to be compared with the same later. */
  dump(path: string = ADMIN_FOLDER): Record<string, string> {
    const node = this.#node(path, 'read');
    if (!(node instanceof Map)) return { [path]: node.read() };
    const names = [...node.keys()].sort();
    return Object.assign({}, ...names.map((name) => this.dump(`${path}/${name}`)));
  }

  #kdamondsFolder(
    surroundings: Pick<SlotSurroundings, 'world' | 'processExists' | 'tracefs'>,
  ): FakeFolder {
    const kdamonds = numbered(this.#kernel, 'nr_kdamonds', (index) => {
      const slot = new FakeSlot(this.#kernel, this, index, {
        ...surroundings,
        exclusiveRuns: () => this.#modules.anyOn,
        nextPid: () => this.#nextPid++,
      });
      this.#slots.set(slot.folder, slot);
      return slot.folder;
    });
    const nrFile = kdamonds.get('nr_kdamonds')!;
    if (nrFile instanceof Map) return kdamonds;
    const write = nrFile.write!;
    nrFile.write = (text) => {
      if (this.#slotsInUse().some((slot) => slot.isOn)) throw new Refusal('EBUSY');
      write(text);
    };
    return kdamonds;
  }

  #slotsInUse(): FakeSlot[] {
    return [...this.#kdamonds.values()].flatMap((node) =>
      node instanceof Map ? (this.#slots.get(node) ?? []) : [],
    );
  }

  #node(path: string, operation: 'read' | 'written'): FakeNode {
    const node = this.#find(path);
    if (node === null) throw new SysfsError(operation, path, 'ENOENT');
    return node;
  }

  #find(path: string): FakeNode | null {
    let node: FakeNode | undefined = this.#root;
    for (const name of path.split('/')) {
      if (!(node instanceof Map)) return null;
      node = node.get(name);
    }
    return node ?? null;
  }

  /** What `work` gives, its refusal turned into what a caller of the kernel sees. */
  #told<T>(operation: 'read' | 'written', path: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof Refusal) throw new SysfsError(operation, path, error.errno);
      throw error;
    }
  }
}
