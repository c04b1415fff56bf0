/** damo's old binary format, which nothing writes any more. */

export interface BinaryFrame {
  readonly seconds: bigint;
  readonly nanoseconds: bigint;
  readonly targets: readonly {
    readonly id: bigint;
    readonly regions: readonly (readonly [start: number, end: number, nrAccesses: number])[];
    /** What the file says, when that is not what it holds. */
    readonly nrRegions?: number;
  }[];
}

/** @param version 0 has no header; 1 has short ids */
export function binaryRecord(version: number, frames: readonly BinaryFrame[]): Uint8Array {
  const bytes: number[] = [];
  const put = (value: bigint, count: number) => {
    for (let i = 0; i < count; i++) bytes.push(Number((value >> BigInt(8 * i)) & 0xffn));
  };
  if (version > 0) {
    bytes.push(...new TextEncoder().encode('damon_recfmt_ver'));
    put(BigInt(version), 4);
  }
  for (const { seconds, nanoseconds, targets } of frames) {
    put(seconds, 8);
    put(nanoseconds, 8);
    put(BigInt(targets.length), 4);
    for (const { id, regions, nrRegions } of targets) {
      put(id, version === 1 ? 4 : 8);
      put(BigInt(nrRegions ?? regions.length), 4);
      for (const [start, end, nrAccesses] of regions) {
        put(BigInt(start), 8);
        put(BigInt(end), 8);
        put(BigInt(nrAccesses), 4);
      }
    }
  }
  return Uint8Array.from(bytes);
}
