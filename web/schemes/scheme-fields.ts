/** The fields of a scheme that people change most, as texts; the service reads and checks them. */
import { exactBytes, exactDuration } from '../../src/params/format.ts';
import type { Attrs, Bound, Scheme } from '../../src/params/types.ts';

/** Texts by field. */
export type FieldValues = Readonly<Record<string, string>>;

/** One field: where it goes, and what people may write. */
export interface SchemeField {
  readonly key: string;
  readonly name: string;
  readonly hint: string;
  /** Names on the way down from the scheme. */
  readonly path: readonly string[];
}

export const SCHEME_FIELDS: readonly SchemeField[] = [
  { key: 'minSize', name: 'Size from', hint: '4K', path: ['pattern', 'sizeBytes', 'min'] },
  {
    key: 'minAccesses',
    name: 'Accesses from',
    hint: 'samples, or 5 %',
    path: ['pattern', 'nrAccesses', 'min'],
  },
  {
    key: 'maxAccesses',
    name: 'Accesses up to',
    hint: 'samples, 5 % or max',
    path: ['pattern', 'nrAccesses', 'max'],
  },
  { key: 'minAge', name: 'Age from', hint: '5 s', path: ['pattern', 'age', 'min'] },
  { key: 'maxAge', name: 'Age up to', hint: '1 m or max', path: ['pattern', 'age', 'max'] },
  { key: 'quotaBytes', name: 'Quota', hint: '128M; 0: none', path: ['quota', 'sizeBytes'] },
  { key: 'quotaTime', name: 'Quota of time', hint: '10 ms; 0: none', path: ['quota', 'timeMs'] },
  { key: 'quotaWindow', name: 'Window', hint: '1 s', path: ['quota', 'resetIntervalMs'] },
];

/** A scheme's fields as texts that mean exactly what it has. */
export function fieldsOf({ pattern, quota }: Scheme, attrs: Attrs): FieldValues {
  // While intervals are tuned, an age can only be a number of them.
  const tuned = attrs.intervalsGoal.aggregations !== 0;
  const age = (count: number) =>
    tuned ? String(count) : exactDuration(count * attrs.aggregationIntervalUs);
  const text = (bound: Bound, word: (value: number) => string) =>
    bound === 'max' ? 'max' : word(bound);
  return {
    minSize: text(pattern.sizeBytes.min, exactBytes),
    minAccesses: text(pattern.nrAccesses.min, String),
    maxAccesses: text(pattern.nrAccesses.max, String),
    minAge: text(pattern.age.min, age),
    maxAge: text(pattern.age.max, age),
    quotaBytes: text(quota.sizeBytes, exactBytes),
    quotaTime: exactDuration(quota.timeMs * 1000),
    quotaWindow: text(quota.resetIntervalMs, (ms) => exactDuration(ms * 1000)),
  };
}

/** The changed fields in the form of parameter files; an emptied one goes back to its default. */
export function changesOf(before: FieldValues, after: FieldValues): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  for (const { key, path } of SCHEME_FIELDS) {
    const text = after[key]?.trim() ?? '';
    if (text === (before[key] ?? '')) continue;
    put(changes, path, readField(text));
  }
  return changes;
}

function put(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  const below = (tree[first] ?? {}) as Record<string, unknown>;
  tree[first] = below;
  put(below, rest, value);
}

/** `exactBytes` may write `4097 bytes`. */
function readField(text: string): number | string | null {
  if (text === '') return null;
  const number = /^\d+(?= bytes$|$)/.exec(text);
  return number === null ? text : Number(number[0]);
}
