/** What old binary records are made of; little-endian, as the machines were that wrote them. */

/** Seconds, nanoseconds, and the number of targets. */
export const FRAME_BYTES = 20;
/** Start, end, and the number of accesses. */
export const REGION_BYTES = 20;

/** Far beyond 2,000 years of whatever clock. */
const MAX_SECONDS = 2 ** 36;
const MAX_TARGETS = 1024;

/** The head of a snapshot of all targets. */
export interface Frame {
  readonly endNs: bigint;
  readonly nrTargets: number;
}

/** The frame at `at`, or null where none can be. */
export function readFrame(bytes: Uint8Array, at: number): Frame | null {
  const seconds = readU64(bytes, at);
  const nanoseconds = readU64(bytes, at + 8);
  const nrTargets = readU32(bytes, at + 16);
  if (seconds > MAX_SECONDS || nanoseconds >= 1e9) return null;
  if (nrTargets === 0 || nrTargets > MAX_TARGETS) return null;
  return { endNs: BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds), nrTargets };
}

/** Whether a file without a magic number can begin with a frame. Text never does. */
export function isFirstFrame(head: Uint8Array): boolean {
  return head.length >= FRAME_BYTES && readFrame(head, 0) !== null;
}

/** A 32-bit number at any place. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  );
}

/** Exact for multiples of 4096, and below 2^53. */
export function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) + readU32(bytes, at + 4) * 2 ** 32;
}
