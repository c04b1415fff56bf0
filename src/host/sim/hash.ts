/**
 * 32 well-mixed bits of a number: what the machine draws instead of random numbers, so that the
 * answer to "was this page accessed in that interval?" is the same whoever asks, however often.
 */
export function hash32(value: number, salt: number): number {
  let bits = value ^ salt;
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}

/** Mixes a few numbers into one salt. */
export function salt32(...values: readonly number[]): number {
  let salt = 0x9e3779b9;
  for (const value of values) {
    salt = hash32(value % 2 ** 32, salt) ^ hash32(Math.floor(value / 2 ** 32), salt + 1);
  }
  return salt | 0;
}

/** The same mix as a number in [0, 1). */
export function unitHash(value: number, salt: number): number {
  return hash32(value, salt) / 2 ** 32;
}
