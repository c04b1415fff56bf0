import type * as z from 'zod';
import { closest, show } from './closest.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** `schemes[0].quota.sizeBytes`. */
function pathText(path: Path): string {
  let text = '';
  for (const key of path) {
    text += typeof key === 'number' ? `[${key}]` : `${text === '' ? '' : '.'}${String(key)}`;
  }
  return text;
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** Of the forms that a mapping may have, the complaints of the one that is a mapping too. */
function within(issue: Issue, root: unknown): readonly Issue[] {
  const value = valueAt(root, issue.path);
  if (issue.code !== 'invalid_union' || typeof value !== 'object' || value === null) return [issue];
  const form = issue.errors.find((issues) =>
    issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  if (form === undefined || form.length === 0) return [issue];
  return form.flatMap((inner) =>
    within({ ...inner, path: [...issue.path, ...inner.path] } as Issue, root),
  );
}

/**
 * One sentence for the one complaint that helps most. A misspelt field comes first: it explains the
 * missing one.
 */
export function sentenceOf(issues: readonly Issue[], root: unknown): string {
  const flat = issues.flatMap((issue) => within(issue, root));
  const issue = flat.find(({ code }) => code === 'unrecognized_keys') ?? flat[0]!;
  const where = issue.path.length === 0 ? 'the top level' : pathText(issue.path);
  if (issue.code === 'unrecognized_keys') return `${where} ${issue.message}`;
  const value = valueAt(root, issue.path);
  const known = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  const near = typeof value === 'string' ? closest(value, known) : undefined;
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  return near === undefined
    ? `${where} is ${show(value)}; write ${issue.message}.`
    : `${where} is ${show(value)}${hint} It must be ${issue.message}.`;
}
