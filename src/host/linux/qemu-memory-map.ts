/**
 * Where a block of a guest lies in the files that its memory is in: QEMU says at which of its own
 * addresses it has it, and the kernel which part of which file is mapped there. Nothing is known
 * of how machines lay out their memory.
 */
import { join } from 'node:path';
import type { Roots } from '../host.ts';
import { HELD_BLOCK_BYTES } from './held-pattern.ts';
import type { Qmp } from './qmp.ts';
import { readTextIfAny } from './read-file.ts';

/** A part of a file, by the numbers that tell files apart. */
export interface FilePlace {
  readonly deviceId: number;
  readonly inode: number;
  readonly offset: number;
}

/** Like `Host virtual address for 0x200000 (ram) is 0x7f86901ff000`. */
const HOST_ADDRESS =
  /^Host virtual address for 0x([0-9a-f]+) \([^()\n]*\) is 0x([0-9a-f]{1,13})\s*$/;
/** Like `7f868ffff000-7f878ffff000 rw-s 00000000 00:01 4242 /memfd:memory-backend-memfd (deleted)`. */
const MAPPING =
  /^([0-9a-f]{1,13})-([0-9a-f]{1,13}) (\S{4}) ([0-9a-f]+) ([0-9a-f]+):([0-9a-f]+) (\d+)/gm;

/**
 * Of the 2 MiB of a guest from a physical address on.
 * @returns a sentence that says why where they are not in one piece of a shared file
 */
export async function placeOfBlock(
  qmp: Qmp,
  roots: Roots,
  pid: number,
  address: number,
): Promise<FilePlace | string> {
  const last = address + HELD_BLOCK_BYTES - 1;
  const [start, end] = [await hostAddress(qmp, address), await hostAddress(qmp, last)];
  if (typeof start === 'string') return start;
  if (typeof end === 'string') return end;
  if (end - start !== HELD_BLOCK_BYTES - 1) return `0x${address.toString(16)} is not in one piece`;
  const maps = readTextIfAny(join(roots.proc, String(pid), 'maps')) ?? '';
  for (const [, from, to, rights, offset, major, minor, inode] of maps.matchAll(MAPPING)) {
    const mapStart = hex(from!);
    if (start < mapStart || start >= hex(to!)) continue;
    if (end >= hex(to!)) return `0x${address.toString(16)} is not in one mapping of QEMU`;
    if (rights !== 'rw-s' || inode === '0') return 'its memory is not shared (share=on)';
    return {
      deviceId: deviceIdOf(hex(major!), hex(minor!)),
      inode: Number(inode),
      offset: hex(offset!) + start - mapStart,
    };
  }
  return `process ${pid} maps nothing where QEMU has 0x${address.toString(16)}`;
}

async function hostAddress(qmp: Qmp, address: number): Promise<number | string> {
  const command = `gpa2hva 0x${address.toString(16)}`;
  const text = await qmp.execute<unknown>('human-monitor-command', { 'command-line': command });
  const [, asked, found] = (typeof text === 'string' && HOST_ADDRESS.exec(text)) || [];
  if (found !== undefined && hex(asked!) === address) return hex(found);
  return `QEMU has no memory at 0x${address.toString(16)}`;
}

function hex(digits: string): number {
  return Number.parseInt(digits, 16);
}

/** As `stat` tells of it (the kernel's new_encode_dev). */
function deviceIdOf(major: number, minor: number): number {
  return (minor & 0xff) + major * 2 ** 8 + (minor >> 8) * 2 ** 20;
}
