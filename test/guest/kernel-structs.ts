/**
 * The kernel's own structures, read out of its memory (`/proc/kcore`) by the description of its
 * types that it carries (BTF). Only in guests: nothing in the product looks there.
 */
import { openSync, readFileSync, readSync } from 'node:fs';
import { assertInGuest } from './harness.ts';

/** Kinds of types that matter here, as BTF numbers them. */
const kinds = { int: 1, struct: 4, union: 5, enum: 6 } as const;
const encodings = { signed: 1, bool: 4 } as const;
/** Typedefs, `volatile`, `const`, `restrict` and tags: a name for another type. */
const wrappers: readonly number[] = [8, 9, 10, 11, 17, 18];
/** What follows a type in bytes: once, and for each of its members. */
const extraBytes: Readonly<Record<number, number>> = { 1: 4, 3: 12, 14: 4, 17: 4 };
const memberBytes: Readonly<Record<number, number>> = { 4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12 };
const headerBytes = 12;
const wordBytes = 8;
/** No list of DAMON's is that long; one that is, was changed while it was read. */
const longestList = 100_000;

interface Type {
  readonly id: number;
  readonly kind: number;
  readonly nrMembers: number;
  readonly name: string;
  /** In bytes; of a name for another type, the number of that type. */
  readonly sizeOrType: number;
}

interface Member {
  readonly name: string;
  readonly offset: number;
  readonly type: Type;
}

/** A structure as an object: numbers, which are rounded beyond 2^53, words of enums, lists. */
export interface KernelObject {
  readonly [member: string]: KernelValue;
}
type KernelValue = number | boolean | string | KernelObject | readonly KernelObject[];

/** Member, as `damon_ctx.schemes`, that heads a list → the structure that the list is of. */
export type Lists = Readonly<Record<string, string>>;

/** The memory of the running kernel, by its types. */
export class KernelStructs {
  readonly #btf = readFileSync('/sys/kernel/btf/vmlinux');
  /** Where each type is described, by its number. */
  readonly #types: number[] = [0];
  readonly #strings: number;
  readonly #structs = new Map<string, Type>();
  readonly #knownMembers = new Map<number, readonly Member[]>();
  readonly #memory = openSync('/proc/kcore', 'r');
  readonly #segments: readonly { readonly start: bigint; end: bigint; offset: bigint }[];
  readonly #lists: Lists;

  constructor(lists: Lists) {
    assertInGuest();
    this.#lists = lists;
    const btf = this.#btf;
    const start = btf.readUInt32LE(4);
    const types = start + btf.readUInt32LE(8);
    const end = types + btf.readUInt32LE(12);
    this.#strings = start + btf.readUInt32LE(16);
    // Over a hundred thousand; an emulated processor has no time to look at each more closely.
    for (let at = types; at < end; ) {
      this.#types.push(at);
      const info = btf.readUInt32LE(at + 4);
      const kind = (info >>> 24) & 0x1f;
      at += headerBytes + (extraBytes[kind] ?? 0) + (memberBytes[kind] ?? 0) * (info & 0xffff);
    }
    this.#segments = segmentsOf(this.#memory);
  }

  /** Where a variable of the kernel is. */
  symbol(name: string): bigint {
    const line = new RegExp(`^([0-9a-f]+) \\w ${name}$`, 'm').exec(
      readFileSync('/proc/kallsyms', 'utf8'),
    );
    return BigInt(`0x${line![1]}`);
  }

  /** The address of a member, as `tasks`, of the structure at an address. */
  member(struct: string, address: bigint, name: string): bigint {
    const found = this.#members(this.#struct(struct)).find((member) => member.name === name);
    if (found === undefined) throw new Error(`this kernel's ${struct} has no ${name}`);
    return address + BigInt(found.offset);
  }

  pointer(address: bigint): bigint {
    return this.#read(address, wordBytes).readBigUInt64LE();
  }

  int(address: bigint): number {
    return this.#read(address, 4).readInt32LE();
  }

  /** Addresses of the structures in the list that `head` begins, each hung in by `hook`. */
  *list(head: bigint, struct: string, hook: string): Generator<bigint> {
    const offset = this.member(struct, 0n, hook);
    let next = this.pointer(head);
    for (let nr = 0; next !== head; nr++) {
      if (nr > longestList) throw new Error(`the list of ${struct} has changed while it was read`);
      yield next - offset;
      next = this.pointer(next);
    }
  }

  /** A whole structure, with the structures in it and those in its lists; pointers are left out. */
  object(struct: string, address: bigint): KernelObject {
    return this.#object(this.#struct(struct), address);
  }

  #object(type: Type, address: bigint): KernelObject {
    const object: Record<string, KernelValue> = {};
    for (const { name, offset, type: of } of this.#members(type)) {
      const at = address + BigInt(offset);
      const listed = this.#lists[`${type.name}.${name}`];
      const value =
        listed === undefined
          ? this.#value(of, at)
          : [...this.list(at, listed, 'list')].map((one) => this.object(listed, one));
      if (value !== null) object[name] = value;
    }
    return object;
  }

  #value(type: Type, address: bigint): KernelValue | null {
    switch (type.kind) {
      case kinds.int:
        return this.#int(type, address);
      case kinds.enum:
        return this.#word(type, this.int(address));
      case kinds.struct:
      case kinds.union:
        return type.name === 'list_head' ? null : this.#object(type, address);
      default:
        return null;
    }
  }

  #int({ id, sizeOrType: size }: Type, address: bigint): number | boolean {
    const encoding = (this.#btf.readUInt32LE(this.#types[id]! + headerBytes) >>> 24) & 0xf;
    const bytes = this.#read(address, size);
    if (encoding === encodings.bool) return bytes[0] !== 0;
    const isSigned = encoding === encodings.signed;
    if (size < wordBytes) return isSigned ? bytes.readIntLE(0, size) : bytes.readUIntLE(0, size);
    return Number(isSigned ? bytes.readBigInt64LE() : bytes.readBigUInt64LE());
  }

  #word(type: Type, value: number): string {
    const btf = this.#btf;
    for (let index = 0; index < type.nrMembers; index++) {
      const at = this.#types[type.id]! + headerBytes + memberBytes[type.kind]! * index;
      if (btf.readInt32LE(at + 4) === value) return this.#string(btf.readUInt32LE(at));
    }
    return String(value);
  }

  /** Members of nameless structures count as those of the outer one. */
  #members(struct: Type): readonly Member[] {
    const known = this.#knownMembers.get(struct.id);
    if (known !== undefined) return known;
    const btf = this.#btf;
    const start = this.#types[struct.id]!;
    const hasBitfields = btf.readUInt32LE(start + 4) >>> 31 === 1;
    const members = Array.from({ length: struct.nrMembers }).flatMap((_, index): Member[] => {
      const at = start + headerBytes + memberBytes[struct.kind]! * index;
      const bits = btf.readUInt32LE(at + 8);
      const offset = (hasBitfields ? bits & 0xffffff : bits) / 8;
      const type = this.#type(btf.readUInt32LE(at + 4));
      const name = this.#string(btf.readUInt32LE(at));
      if (name !== '') return [{ name, offset, type }];
      return this.#members(type).map((one) => ({ ...one, offset: offset + one.offset }));
    });
    this.#knownMembers.set(struct.id, members);
    return members;
  }

  /** What other names stand for. */
  #type(id: number): Type {
    const [at, btf] = [this.#types[id]!, this.#btf];
    const info = btf.readUInt32LE(at + 4);
    const [kind, nrMembers] = [(info >>> 24) & 0x1f, info & 0xffff];
    const sizeOrType = btf.readUInt32LE(at + 8);
    if (wrappers.includes(kind)) return this.#type(sizeOrType);
    return { id, kind, nrMembers, name: this.#string(btf.readUInt32LE(at)), sizeOrType };
  }

  #struct(name: string): Type {
    const found = this.#structs.get(name) ?? this.#find(name);
    this.#structs.set(name, found);
    return found;
  }

  #find(name: string): Type {
    const text = this.#btf.indexOf(`\0${name}\0`, this.#strings, 'latin1') + 1 - this.#strings;
    const id = this.#types.findIndex((at, index) => {
      if (index === 0 || this.#btf.readUInt32LE(at) !== text) return false;
      return ((this.#btf.readUInt32LE(at + 4) >>> 24) & 0x1f) === kinds.struct;
    });
    if (id < 0) throw new Error(`this kernel has no structure ${name}`);
    return this.#type(id);
  }

  #string(offset: number): string {
    const start = this.#strings + offset;
    return this.#btf.toString('latin1', start, this.#btf.indexOf(0, start));
  }

  #read(address: bigint, size: number): Buffer {
    const segment = this.#segments.find(({ start, end }) => start <= address && address < end);
    if (segment === undefined) throw new Error(`0x${address.toString(16)} is not mapped`);
    const bytes = Buffer.alloc(size);
    readSync(this.#memory, bytes, 0, size, segment.offset + (address - segment.start));
    return bytes;
  }
}

/** What of the kernel's addresses is where in the file: its ELF program headers. */
function segmentsOf(memory: number): { start: bigint; end: bigint; offset: bigint }[] {
  const header = Buffer.alloc(64);
  readSync(memory, header, 0, header.length, 0);
  const [size, count] = [header.readUInt16LE(54), header.readUInt16LE(56)];
  const table = Buffer.alloc(size * count);
  readSync(memory, table, 0, table.length, Number(header.readBigUInt64LE(32)));
  const load = 1;
  return Array.from({ length: count }, (_, index) => table.subarray(size * index))
    .filter((entry) => entry.readUInt32LE(0) === load)
    .map((entry) => {
      const start = entry.readBigUInt64LE(16);
      return {
        start,
        end: start + entry.readBigUInt64LE(40),
        offset: entry.readBigUInt64LE(8),
      };
    });
}
