import { expect, test } from 'vitest';
import { patched } from './params-patch.ts';

const base = {
  attrs: { sampleIntervalUs: 5, maxNrRegions: 100 },
  schemes: [{ action: 'stat' }, { action: 'pageout', quota: { sizeBytes: 1, timeMs: 2 } }],
};

test('changes the named fields and no others', () => {
  expect(patched(base, { attrs: { maxNrRegions: 7 } })).toEqual({
    ...base,
    attrs: { sampleIntervalUs: 5, maxNrRegions: 7 },
  });
});

test('changes named entries of a list, or all of it', () => {
  const next = patched(base, { schemes: { 1: { quota: { timeMs: 3 } } } }) as typeof base;
  expect(next.schemes).toEqual([
    { action: 'stat' },
    { action: 'pageout', quota: { sizeBytes: 1, timeMs: 3 } },
  ]);
  expect(patched(base, { schemes: [] })).toEqual({ ...base, schemes: [] });
});

test('takes away what is null, and leaves its base as it was', () => {
  const before = structuredClone(base);
  expect(patched(base, { attrs: { maxNrRegions: null } })).toEqual({
    ...base,
    attrs: { sampleIntervalUs: 5 },
  });
  expect(base).toEqual(before);
});

test('refuses entries that are not there, and bottomless nesting', () => {
  expect(() => patched(base, { schemes: { 2: {} } })).toThrow(
    'params.schemes is a list of 2 and has no entry "2"',
  );
  expect(() => patched(base, { schemes: { length: 0 } })).toThrow('no entry "length"');
  const deep: Record<string, unknown> = {};
  let at = deep;
  for (let depth = 0; depth < 100; depth++) {
    at['a'] = {};
    at = at['a'] as Record<string, unknown>;
  }
  expect(() => patched({}, deep)).toThrow('nested too deeply');
});

test('takes names of JavaScript for what they are', () => {
  const patch = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"a":1}}');
  expect(Object.keys(patched({}, patch) as object)).toEqual(['__proto__', 'constructor']);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});
