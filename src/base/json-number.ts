/**
 * A whole number as our JSON prints it: a number up to 2^53, where doubles are exact, and beyond
 * that a string of its digits. Times in nanoseconds, addresses and target ids all go this way.
 */
export function toJsonNumber(value: bigint | number): number | string {
  const number = Number(value);
  return Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : BigInt(value).toString();
}
