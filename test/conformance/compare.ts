/** Where two JSON values first differ. */
export interface Difference {
  /** `schemes[0].stat[2]` */
  readonly path: string;
  readonly expected: string;
  readonly got: string;
}

const MAX_SHOWN = 80;

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first difference in reading order; null when all is equal, keys and lengths included. */
export function firstDifference(expected: unknown, got: unknown, path = ''): Difference | null {
  if (Array.isArray(expected) && Array.isArray(got)) {
    for (let index = 0; index < Math.max(expected.length, got.length); index++) {
      const found = firstDifference(expected[index], got[index], `${path}[${index}]`);
      if (found !== null) return found;
    }
    return null;
  }
  if (isRecord(expected) && isRecord(got)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(got)])) {
      const below = path === '' ? key : `${path}.${key}`;
      const found = firstDifference(expected[key], got[key], below);
      if (found !== null) return found;
    }
    return null;
  }
  return expected === got ? null : { path, expected: show(expected), got: show(got) };
}

/** Whole numbers beyond 2^53 - 1 stand as text in vectors. */
export function toJsonNumber(value: bigint | number): number | string {
  return BigInt(value) > BigInt(Number.MAX_SAFE_INTEGER) ? String(value) : Number(value);
}
