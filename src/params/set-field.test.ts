import { expect, test } from 'vitest';
import { parseParams } from './parse.ts';
import { resolveParams } from './resolve.ts';
import { parseFieldSetting, withField } from './set-field.ts';

const params = resolveParams(
  parseParams(
    { targets: [{ pid: 7 }], schemes: [{ action: 'cold' }, { action: 'stat' }] },
    'a test',
  ),
  0,
);

const set = (setting: string) =>
  resolveParams(parseParams(withField(params, parseFieldSetting(setting)), '--set'), 0);

test('changes the field that is named, and no other', () => {
  const [first, second] = params.schemes;
  expect(set('schemes[0].quota.sizeBytes=16MiB')).toEqual({
    ...params,
    schemes: [{ ...first, quota: { ...first!.quota, sizeBytes: 16 * 2 ** 20 } }, second],
  });
  expect(set('attrs.sampleIntervalUs=10ms').attrs).toEqual({
    ...params.attrs,
    sampleIntervalUs: 10_000,
  });
  expect(set('schemes[1].action=lru_prio').schemes[1]!.action).toBe('lru_prio');
  expect(set('schemes[0].filters=[{"type":"anon","matching":true,"allow":true}]')).toMatchObject({
    schemes: [{ filters: [{ type: 'anon', matching: true, allow: true }] }, {}],
  });
});

test.each([
  ['schemes', '--set is "schemes"; write a field, = and a value'],
  ['schemes[2].action=cold', 'schemes[2].action: the list has 2 entries, and no entry 2'],
  ['schemes[0].acton=cold', 'acton'],
  ['schemes[0].quota.sizeBytes=many', 'schemes[0].quota.sizeBytes is'],
])('%s is refused by name', (setting, sentence) => {
  expect(() => set(setting)).toThrow(sentence);
});
