import { ThermoclineError } from '../base/errors.ts';

/** Deeper than any parameter. */
const MAX_DEPTH = 16;

type Tree = Readonly<Record<string, unknown>>;

/**
 * `base` with the fields that `patch` names changed, and all others as they are. A mapping changes
 * the fields of a mapping; of a list, a mapping with indexes changes the entries that it names, and
 * a list replaces it. Null takes a field away, so that it has its default again.
 * @throws ThermoclineError TC_INVALID for an entry that the list doesn't have
 */
export function patched(base: unknown, patch: unknown, path = 'params', depth = 0): unknown {
  if (!isTree(patch)) return patch;
  if (depth > MAX_DEPTH) {
    throw new ThermoclineError('TC_INVALID', `${path} is nested too deeply; write less.`);
  }
  const next = (value: unknown, key: string) =>
    patched(value, patch[key], `${path}.${key}`, depth + 1);
  if (Array.isArray(base)) {
    const list = [...base];
    for (const key of Object.keys(patch))
      list[indexIn(base, key, path)] = next(base[Number(key)], key);
    return list;
  }
  const fields = new Map(Object.entries(isTree(base) ? base : {}));
  for (const key of Object.keys(patch)) {
    if (patch[key] === null) fields.delete(key);
    else fields.set(key, next(fields.get(key), key));
  }
  return Object.fromEntries(fields);
}

function indexIn(list: readonly unknown[], key: string, path: string): number {
  const index = /^\d{1,6}$/.test(key) ? Number(key) : -1;
  if (index >= 0 && index < list.length) return index;
  throw new ThermoclineError(
    'TC_INVALID',
    `${path} is a list of ${list.length} and has no entry "${key}"; name entries by their index, ` +
      'or write the whole list.',
  );
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
