import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FileHoles, loadFileHoles } from './file-holes.ts';
import { HELD_BLOCK_BYTES, heldPattern, newNonce } from './held-pattern.ts';

let folder: string;
let fd: number;
let holes: FileHoles;
beforeEach(async () => {
  // What guests' memory is in: a file system of pages.
  folder = mkdtempSync('/dev/shm/thermocline-holes-');
  fd = openSync(join(folder, 'file'), 'w+');
  holes = await loadFileHoles();
});
afterEach(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

const allocatedBytes = () => fstatSync(fd).blocks * 512;

test('what is punched goes back to the system, reads as zeros, and only that', () => {
  const block = heldPattern(newNonce(), 0);
  for (const index of [0, 1, 2]) writeSync(fd, block, 0, block.length, index * HELD_BLOCK_BYTES);
  expect(allocatedBytes()).toBe(3 * HELD_BLOCK_BYTES);
  holes.punch(fd, HELD_BLOCK_BYTES, HELD_BLOCK_BYTES);
  expect(allocatedBytes()).toBe(2 * HELD_BLOCK_BYTES);
  expect(fstatSync(fd).size).toBe(3 * HELD_BLOCK_BYTES);
  const states = [0, 1, 2].map((index) =>
    holes.isHole(fd, index * HELD_BLOCK_BYTES, HELD_BLOCK_BYTES),
  );
  expect(states).toEqual([false, true, false]);
  const seen = Buffer.alloc(HELD_BLOCK_BYTES, 1);
  readSync(fd, seen, 0, seen.length, HELD_BLOCK_BYTES);
  expect(seen.equals(Buffer.alloc(HELD_BLOCK_BYTES))).toBe(true);
  // To look does not bring it back, to write one byte does.
  expect(holes.isHole(fd, HELD_BLOCK_BYTES, HELD_BLOCK_BYTES)).toBe(true);
  writeSync(fd, Buffer.alloc(1), 0, 1, 2 * HELD_BLOCK_BYTES - 1);
  expect(holes.isHole(fd, HELD_BLOCK_BYTES, HELD_BLOCK_BYTES)).toBe(false);
});

test('behind the last page there is a hole up to the end, and beyond it', () => {
  expect(holes.isHole(fd, 0, HELD_BLOCK_BYTES)).toBe(true);
  writeSync(fd, 'x');
  expect(holes.isHole(fd, 4096, HELD_BLOCK_BYTES)).toBe(true);
});

test('a file that can not be written is not punched', () => {
  const reader = openSync(join(folder, 'file'), 'r');
  expect(() => holes.punch(reader, 0, 4096)).toThrow(/^fallocate failed: .*EBADF/);
  closeSync(reader);
});

test('no two blocks have the same fill, and both sides make it alike', () => {
  const nonce = newNonce();
  const fills = [heldPattern(nonce, 0), heldPattern(nonce, 1), heldPattern(newNonce(), 0)];
  for (const fill of fills) expect(fill).toHaveLength(HELD_BLOCK_BYTES);
  const first = new Set(fills.map((fill) => fill.toString('hex', 0, 32)));
  expect(first.size).toBe(3);
  expect(fills[0]!.equals(heldPattern(nonce, 0))).toBe(true);
});
