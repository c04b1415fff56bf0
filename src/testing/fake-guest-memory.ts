/** Memory of a fake guest in a file, a process that seems to have it, and blocks held in it. */
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { BlockKeeper } from '../host/linux/held-files.ts';
import { HELD_BLOCK_BYTES, heldPattern } from '../host/linux/held-pattern.ts';
import type { FakeQemu } from './fake-qemu.ts';
import { FakeTree } from './fake-tree.ts';

const PID = 4242;
const HOST_ADDRESS = 0x7f8690000000;

/** Its fields are the guest: tests set them. */
export class FakeGuestMemory implements BlockKeeper, Disposable {
  /** As the host sees its processes. */
  readonly tree: FakeTree = new FakeTree();
  /** The guest has no more free blocks than these, the next one first. */
  readonly free: number[] = [];
  readonly held: Set<number> = new Set();
  /** Done to each block after it is filled, with its address: faults. */
  afterFill: ((address: number) => void) | null = null;
  /** What it names in place of what it holds. */
  lies: ((addresses: number[]) => number[]) | null = null;
  readonly #folder = mkdtempSync('/dev/shm/thermocline-guest-');
  readonly #fd: number;
  readonly #address: number;

  /**
   * @param qemu whose memory it becomes
   * @param address where the guest has it
   */
  constructor(qemu: FakeQemu, qmpSocket: string, address: number, sizeBytes: number) {
    this.#address = address;
    const file = join(this.#folder, 'ram');
    this.#fd = openSync(file, 'w+');
    qemu.rams.push({ address, sizeBytes, hostAddress: HOST_ADDRESS });
    this.tree.write(`proc/${PID}/fd/x`, '');
    symlinkSync(file, join(this.tree.roots.proc, `${PID}/fd/9`));
    symlinkSync('socket:[777]', join(this.tree.roots.proc, `${PID}/fd/3`));
    this.tree.write(
      'proc/net/unix',
      [
        'Num       RefCount Protocol Flags    Type St Inode Path',
        `00000000de5f862a: 00000002 00000000 00010000 0001 01 777 ${qmpSocket}`,
        `00000000f87d43c7: 00000003 00000000 00000000 0001 03 778 ${qmpSocket}\n`,
      ].join('\n'),
    );
    this.map('rw-s', sizeBytes);
  }

  /** Has QEMU's process map the file so. */
  map(rights: string, sizeBytes: number): void {
    const hex = (value: number) => value.toString(16);
    const { dev, ino } = fstatSync(this.#fd);
    const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
    this.tree.write(
      `proc/${PID}/maps`,
      [
        '55d0c0000000-55d0c0001000 r-xp 00000000 fe:00 1234 /usr/bin/qemu',
        `${hex(HOST_ADDRESS)}-${hex(HOST_ADDRESS + sizeBytes)} ${rights} 00000000 ` +
          `${hex(major)}:${hex(minor)} ${ino} /dev/shm/ram\n`,
      ].join('\n'),
    );
  }

  /** What the file takes of the host. */
  get allocatedBytes(): number {
    return fstatSync(this.#fd).blocks * 512;
  }

  /** What a program in the guest does. */
  write(address: number, content: Uint8Array): void {
    writeSync(this.#fd, content, 0, content.length, address - this.#address);
  }

  get nrHeld(): number {
    return this.held.size;
  }

  hold(nrBlocks: number, nonce: string): number[] {
    const addresses = this.free.splice(0, nrBlocks);
    for (const [index, address] of addresses.entries()) {
      this.held.add(address);
      this.write(address, heldPattern(nonce, index));
      this.afterFill?.(address);
    }
    return this.lies?.(addresses) ?? addresses;
  }

  release(addresses: readonly number[]): number[] {
    for (const address of addresses) if (this.held.delete(address)) this.free.push(address);
    return [...addresses];
  }

  listFrom(address: number): number[] {
    return [...this.held]
      .filter((one) => one >= address)
      .sort((a, b) => a - b)
      .slice(0, 128);
  }

  releaseAll(): void {
    this.release([...this.held]);
  }

  /** Has so many blocks be free, with what programs have left in them. */
  addFree(nrBlocks: number): void {
    for (let nr = 0; nr < nrBlocks; nr++) {
      const address = this.#address + nr * HELD_BLOCK_BYTES;
      this.write(address, Buffer.alloc(HELD_BLOCK_BYTES, 0x5a));
      this.free.push(address);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    rmSync(this.#folder, { recursive: true });
    this.tree[Symbol.dispose]();
  }
}
