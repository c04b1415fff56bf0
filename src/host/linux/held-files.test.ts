import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeTree } from '../../testing/fake-tree.ts';
import type { BlockMapping } from './block-mapping.ts';
import { loadBlockMapping } from './block-mapping.ts';
import { HeldFiles } from './held-files.ts';
import { HELD_BLOCK_BYTES, heldPattern } from './held-pattern.ts';
import { SyscallError } from './syscalls.ts';

const POOL = 'sys/kernel/mm/hugepages/hugepages-2048kB';
const NONCE = 'ab'.repeat(16);

let tree: FakeTree;
/** Guest-physical addresses that come next. */
let free: number[];
let mapping: FakeMapping;
let files: HeldFiles;

/** Maps files by their inodes, each where it was before, at an address that pagemap knows. */
class FakeMapping implements BlockMapping {
  readonly filled = new Map<number, Uint8Array>();
  readonly mapped = new Set<number>();
  /** By inode, since a file keeps its memory whoever maps it. */
  readonly frames = new Map<number, number>();

  map(fd: number): number {
    const { ino } = fstatSync(fd);
    if (!this.frames.has(ino)) {
      const address = free.shift();
      if (address === undefined) throw new SyscallError('fallocate', 'ENOSPC');
      this.frames.set(ino, address);
    }
    const at = (this.mapped.size + 1) * HELD_BLOCK_BYTES;
    this.mapped.add(at);
    this.move(at, this.frames.get(ino)!);
    return at;
  }

  fill(at: number, content: Uint8Array): void {
    this.filled.set(at, content);
  }

  unmap(at: number): void {
    this.mapped.delete(at);
  }

  /** What is mapped there lies elsewhere from now on. */
  move(at: number, address: number): void {
    const fd = openSync(join(tree.roots.proc, 'self/pagemap'), 'r+');
    const entry = new BigUint64Array([(1n << 63n) | BigInt(address / 4096)]);
    writeSync(fd, entry, 0, 8, (at / 4096) * 8);
    closeSync(fd);
  }
}

const overcommit = () => readFileSync(join(tree.folder, POOL, 'nr_overcommit_hugepages'), 'utf8');
const open = () => new HeldFiles({ roots: tree.roots, folder: join(tree.folder, 'held'), mapping });
const at = (nr: number) => nr * HELD_BLOCK_BYTES;

beforeEach(() => {
  tree = new FakeTree({
    'proc/self/pagemap': '',
    [`${POOL}/free_hugepages`]: '0\n',
    [`${POOL}/resv_hugepages`]: '0\n',
    [`${POOL}/nr_overcommit_hugepages`]: '5\n',
  });
  mkdirSync(join(tree.folder, 'held'));
  free = [at(9), at(4), at(7)];
  mapping = new FakeMapping();
  files = open();
});
afterEach(() => tree[Symbol.dispose]());

test('holds what there is, filled in its order, and tells where it is', () => {
  expect(files.hold(2, NONCE)).toEqual([at(9), at(4)]);
  const fills = [...mapping.filled.values()];
  expect(fills.map((fill, nr) => heldPattern(NONCE, nr).equals(fill))).toEqual([true, true]);
  expect(overcommit()).toBe('7\n');
  // There is only one more, and of the one that could not be had no file stays.
  expect(files.hold(3, NONCE)).toEqual([at(7)]);
  expect(readdirSync(join(tree.folder, 'held'))).toHaveLength(3);
  expect(files.listFrom(0)).toEqual([at(4), at(7), at(9)]);
  expect(files.listFrom(at(5))).toEqual([at(7), at(9)]);
});

test('lets go of what it is told, and puts the pool back with the last', () => {
  files.hold(3, NONCE);
  expect(files.release([at(4), at(100)])).toEqual([at(4), at(100)]);
  expect([files.listFrom(0), overcommit()]).toEqual([[at(7), at(9)], '7\n']);
  files.releaseAll();
  expect([files.listFrom(0), overcommit()]).toEqual([[], '5\n']);
  expect(readdirSync(join(tree.folder, 'held'))).toEqual([]);
  expect(existsSync(join(tree.folder, 'held.before'))).toBe(false);
});

test('one that was killed: the next one finds its blocks, and what was in the pool before', () => {
  files.hold(2, NONCE);
  mapping.mapped.clear();
  // It had just begun with another one, of which there is none left.
  tree.write('held/block-3', '');
  const [next] = free.splice(0);
  files = open();
  expect(files.listFrom(0)).toEqual([at(4), at(9)]);
  expect(readdirSync(join(tree.folder, 'held'))).toHaveLength(2);
  free.push(next!);
  expect(files.hold(1, NONCE)).toEqual([at(7)]);
  expect(overcommit()).toBe('8\n');
  files.releaseAll();
  expect(overcommit()).toBe('5\n');
});

test('a block that the kernel has moved is where it is now', () => {
  files.hold(1, NONCE);
  mapping.move([...mapping.mapped][0]!, at(77));
  expect(files.listFrom(0)).toEqual([at(77)]);
});

test('pages that were set aside for others are not held', () => {
  tree.write(`${POOL}/free_hugepages`, '3\n');
  expect(() => files.hold(1, NONCE)).toThrow(/free_hugepages is not 0: pages that were set aside/);
  tree.write(`${POOL}/resv_hugepages`, '3\n');
  expect(files.hold(1, NONCE)).toEqual([at(9)]);
});

test('without the right to see where memory is, there are no addresses', () => {
  free = [0];
  expect(() => files.hold(1, NONCE)).toThrow(/pagemap does not say where .* run the agent as root/);
});

test('memory of a file is mapped, filled and unmapped by the calls of this machine', async () => {
  const real = await loadBlockMapping();
  const file = join(tree.folder, 'file');
  const fd = openSync(file, 'w+');
  const where = real.map(fd, HELD_BLOCK_BYTES);
  expect(fstatSync(fd).size).toBe(HELD_BLOCK_BYTES);
  const content = heldPattern(NONCE, 0);
  real.fill(where, content);
  real.unmap(where, HELD_BLOCK_BYTES);
  expect(readFileSync(file).equals(content)).toBe(true);
  expect(() => real.map(-1, 4096)).toThrow(/^fallocate failed: .*EBADF/);
  closeSync(fd);
});
