import { expect, test } from 'vitest';
import { paramsJsonSchema } from './json-schema.ts';

interface Schema {
  readonly properties: Readonly<Record<string, Schema>>;
  readonly items: Schema;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly type?: string;
}

test('the JSON Schema describes what people may write', () => {
  const schema = paramsJsonSchema() as Schema;
  expect(Object.keys(schema.properties)).toEqual([
    'operations',
    'addrUnit',
    'minRegionSize',
    'attrs',
    'targets',
    'probes',
    'schemes',
    'paused',
  ]);
  expect(schema.required ?? []).toEqual([]);
  expect(schema.additionalProperties).toBe(false);
  const scheme = schema.properties['schemes']!.items;
  expect(scheme.required).toEqual(['action']);
  expect(scheme.properties['action']!.enum).toContain('pageout');
  const forms = scheme.properties['applyIntervalUs']!.anyOf!;
  expect(forms.map(({ type }) => type)).toEqual(['integer', 'string']);
});

test('it is plain JSON', () => {
  expect(JSON.parse(JSON.stringify(paramsJsonSchema()))).toEqual(paramsJsonSchema());
});
