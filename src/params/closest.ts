/** The number of single-character edits between two short words. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, replace));
    }
    row = next;
  }
  return row[b.length]!;
}

const plain = (word: string) => word.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** The one of `known` that somebody who wrote `word` may have meant, or undefined. */
export function closest(word: string, known: readonly string[]): string | undefined {
  const written = plain(word.slice(0, 64));
  const near = known
    .map((name) => ({ name, distance: editDistance(written, plain(name)) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(plain(name).length / 3)));
  near.sort((a, b) => a.distance - b.distance);
  return near[0]?.name;
}

/** `has no field "sise"; did you mean "size"?`, to follow the name of whatever has not. */
export function unknownField(field: string, known: readonly string[]): string {
  const near = closest(field, known);
  const way = near === undefined ? `it has ${known.join(', ')}.` : `did you mean "${near}"?`;
  return `has no field ${show(field)}; ${way}`;
}

/** A value as an error message shows it: short, and never a whole tree. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 76)}…` : text;
}
