/** Since 2023 in the language, not yet in the compiler's library. */
const { rawJSON } = JSON as typeof JSON & { rawJSON(text: string): unknown };

/** `JSON.stringify` with every digit of whole numbers, also of bigints and beyond 2^53. */
export function exactJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, part) => (isWide(part) ? rawJSON(String(BigInt(part))) : part),
    indent,
  );
}

function isWide(part: unknown): part is bigint | number {
  if (typeof part === 'bigint') return true;
  return Number.isInteger(part) && !Number.isSafeInteger(part);
}
