/** What held blocks are filled with, so that the host knows them when it sees them. */
import { createHash, randomBytes } from 'node:crypto';

/** Blocks that are held, filled, compared and given back to the host, each as a whole. */
export const HELD_BLOCK_BYTES: number = 2 * 2 ** 20;
/** Of one order, as it goes over the wire. */
export const NONCE: RegExp = /^[0-9a-f]{32}$/;

/** One that nobody can have guessed. */
export function newNonce(): string {
  return randomBytes(16).toString('hex');
}

/** The whole block: 32 bytes that no other block of any order has, again and again. */
export function heldPattern(nonce: string, index: number): Buffer {
  const unit = createHash('sha256').update(`${nonce} ${index}`).digest();
  return Buffer.alloc(HELD_BLOCK_BYTES, unit);
}
