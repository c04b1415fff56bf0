import { describe, expect, test } from 'vitest';
import { ThermoclineError } from '../base/errors.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME } from './defaults.ts';
import { parseKdamondsText, parseParams, parseParamsText } from './parse.ts';

/** The message with which the text is refused. */
function refusal(text: string): string {
  try {
    parseParamsText(text, 'f.yaml');
  } catch (error) {
    if (error instanceof ThermoclineError && error.code === 'TC_INVALID') return error.message;
    throw error;
  }
  return 'it was taken';
}

describe('what is left out', () => {
  test('has the defaults of the kernel', () => {
    expect(parseParams({}, 'test')).toEqual({
      operations: 'vaddr',
      addrUnit: 1,
      minRegionSize: 4096,
      attrs: DEFAULT_ATTRS,
      targets: [],
      probes: [],
      schemes: [],
      paused: false,
    });
  });

  test('of a scheme makes it match everything, without a limit', () => {
    const { schemes } = parseParams({ schemes: [{ action: 'stat' }] }, 'test');
    expect(schemes).toEqual([{ ...DEFAULT_SCHEME, action: 'stat' }]);
  });

  test('of physical memory is one target with the ranges that the machine has', () => {
    const { targets, minRegionSize } = parseParams({ operations: 'paddr', addrUnit: 16 }, 'test');
    expect(targets).toEqual([{ regions: [], obsolete: false }]);
    expect(minRegionSize).toBe(256);
  });

  test('of a written goal switches tuning on', () => {
    const spec = parseParams({ attrs: { intervalsGoal: { accessBp: '2 %' } } }, 'test');
    expect(spec.attrs).toMatchObject({ intervalsGoal: { accessBp: 200, aggregations: 3 } });
  });
});

describe('quantities', () => {
  test('may carry units, in JSON as in YAML', () => {
    const yaml = `
attrs: { sampleIntervalUs: 10ms, aggregationIntervalUs: 1 s }
schemes:
  - action: pageout
    applyIntervalUs: 2m
    pattern: { sizeBytes: { min: 64K, max: 1.5 GiB } }
    quota: { timeMs: 1 s, sizeBytes: 64M, resetIntervalMs: max, weights: { agePermil: 5 % } }
    watermarks: { metric: free_mem_rate, highPermil: 50 %, midPermil: 400, lowPermil: 20% }
`;
    const spec = parseParamsText(yaml, 'test');
    expect(spec.attrs).toMatchObject({ sampleIntervalUs: 10_000, aggregationIntervalUs: 1e6 });
    expect(spec.schemes[0]).toMatchObject({
      applyIntervalUs: 120e6,
      pattern: { sizeBytes: { min: 65_536, max: 1_610_612_736 } },
      quota: {
        timeMs: 1_000,
        sizeBytes: 67_108_864,
        resetIntervalMs: 'max',
        weights: { sizePermil: 0, nrAccessesPermil: 0, agePermil: 50 },
      },
      watermarks: { intervalUs: 5e6, highPermil: 500, midPermil: 400, lowPermil: 200 },
    });
    expect(parseParamsText(JSON.stringify(spec), 'test')).toEqual(spec);
  });

  test('of a pattern become counts that match exactly what was meant', () => {
    const pattern = (nrAccesses: unknown, age: unknown) =>
      parseParams({ schemes: [{ action: 'stat', pattern: { nrAccesses, age } }] }, 'test')
        .schemes[0]!.pattern;
    // 20 samples: 3 % are 0.6 of one, so from 3 % on is from 1 on, and up to 12 % is up to 2.
    expect(pattern({ min: '3 %', max: '12 %' }, {}).nrAccesses).toEqual({ min: 1, max: 2 });
    expect(pattern({ min: '55 %' }, {}).nrAccesses).toEqual({ min: 11, max: 'max' });
    expect(pattern({}, { min: '10 s', max: '10.25 s' }).age).toEqual({ min: 100, max: 102 });
    expect(pattern({}, { min: 7, max: 'max' }).age).toEqual({ min: 7, max: 'max' });
  });

  test('of goals go by the unit of the metric', () => {
    const target = (metric: string, targetValue: unknown) =>
      parseParams(
        { schemes: [{ action: 'stat', quota: { goals: [{ metric, targetValue, nid: 0 }] } }] },
        'test',
      ).schemes[0]!.quota.goals[0]!.targetValue;
    expect(target('node_mem_free_bp', '0.5 %')).toBe(50);
    expect(target('some_mem_psi_us', '10ms')).toBe(10_000);
    expect(target('user_input', 12)).toBe(12);
  });

  test('may be hexadecimal when they are addresses', () => {
    const { targets } = parseParamsText(
      '{"targets": [{"regions": [{"start": "0x1000", "end": 8192}]}]}',
      'test',
    );
    expect(targets[0]!.regions).toEqual([{ start: 4096, end: 8192 }]);
  });
});

describe('a slip', () => {
  test.each([
    [
      'attrs: { sampleInterval: 5 }',
      'f.yaml: attrs has no field "sampleInterval"; did you mean "sampleIntervalUs"?',
    ],
    [
      'schemes: [{ acton: pageout }]',
      'f.yaml: schemes[0] has no field "acton"; did you mean "action"?',
    ],
    [
      'attrs: { intervalsGoal: { acessBp: 4 } }',
      'f.yaml: attrs.intervalsGoal has no field "acessBp"; did you mean "accessBp"?',
    ],
    [
      'attrs: { sampleIntervalUs: 5 parsecs }',
      'f.yaml: attrs.sampleIntervalUs is "5 parsecs"; write microseconds as a whole number, ' +
        'or a text like "5ms" or "1.5 s".',
    ],
    [
      'schemes: [{ action: stat, pattern: { age: { min: long } } }]',
      'f.yaml: schemes[0].pattern.age.min is "long"; write aggregation intervals as a whole ' +
        'number, a time like "30 s", or "max".',
    ],
    [
      'schemes: [{ action: stat, quota: { sizeBytes: -1 } }]',
      'f.yaml: schemes[0].quota.sizeBytes is -1; write bytes as a whole number, or a text like ' +
        '"64M" or "1.5 GiB", or "max".',
    ],
    [
      'schemes: [{ action: stat, quota: { timeMs: 500us } }]',
      'f.yaml: schemes[0].quota.timeMs is "500us"; write milliseconds as a whole number, ' +
        'or a text like "10ms" or "1 s".',
    ],
    [
      'schemes: [{ action: pagout }]',
      'f.yaml: schemes[0].action is "pagout"; did you mean "pageout"? It must be one of ' +
        'willneed, cold, pageout, hugepage, nohugepage, collapse, lru_prio, lru_deprio, ' +
        'migrate_hot, migrate_cold, stat, alloc, free.',
    ],
    [
      'schemes: [{ action: alloc }]',
      'f.yaml: schemes[0].action is alloc, which takes physical memory, and not that of vaddr; ' +
        'write operations: paddr.',
    ],
    [
      'schemes: [{ action: stat, blockOrder: 9 }]',
      'f.yaml: schemes[0].blockOrder is 9, but stat does not work by blocks; leave it out.',
    ],
    [
      '{ operations: paddr, schemes: [{ action: free, filters: [{ type: young, matching: true, allow: true }] }] }',
      'f.yaml: schemes[0].filters look at single pages, and free works by whole blocks; write addr ' +
        'or target filters only.',
    ],
    [
      'schemes: [{ action: stat, filters: [{ type: anon }] }]',
      'f.yaml: schemes[0].filters[0].allow is missing; write true or false.',
    ],
    [
      'schemes: [{ action: stat, filters: [{ type: file, allow: true }] }]',
      'f.yaml: schemes[0].filters[0].type is "file"; write one of anon, active, young, unmapped, ' +
        'memcg, hugepage_size, addr, target.',
    ],
    [
      'schemes: [{ action: stat, quota: { goals: [{ metric: user_input, targetValue: 5 % }] } }]',
      'f.yaml: schemes[0].quota.goals[0].targetValue is "5 %", which does not fit the metric ' +
        'user_input; write a whole number in its unit, a share like "99.5 %" for bp or a time ' +
        'like "10ms" for us.',
    ],
    [
      'attrs: auto\nschemes: [{ action: stat, pattern: { age: { min: 10 s } } }]',
      'f.yaml: schemes[0].pattern.age has "10 s", but the aggregation interval is tuned while ' +
        'monitoring, so no number of intervals is that time; write a number of intervals, ' +
        'or fixed attrs.',
    ],
    ['attrs: autoo', 'f.yaml: attrs is "autoo"; write "auto" or a mapping.'],
    ['schemes: {}', 'f.yaml: schemes is a mapping; write a list.'],
    [
      '__proto__: { a: 1 }',
      'f.yaml: the top level has no field "__proto__"; it has operations, addrUnit, ' +
        'minRegionSize, attrs, targets, probes, schemes, paused.',
    ],
  ])('%s is told in one sentence', (text, sentence) => {
    expect(refusal(text)).toBe(sentence);
  });

  test('in the syntax is told by its place', () => {
    expect(refusal('attrs: auto\nschemes: [1,')).toMatch(
      /^f\.yaml: line 2, column 13 is neither JSON nor YAML: .*\.$/,
    );
    expect(refusal('{"paused": true, "paused": false}')).toBe(
      'f.yaml: line 1, column 18 is neither JSON nor YAML: Map keys must be unique.',
    );
    expect(refusal('paused: true\n---\npaused: false')).toBe(
      'f.yaml: line 2, column 1 begins a second document; write one for each file.',
    );
  });
});

describe('hostile text', () => {
  test('is refused when it nests too deeply, expands too far or is too long', () => {
    expect(refusal('['.repeat(100_000))).toMatch(/is nested too deeply; write less\.$/);
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe'] as const) {
      bomb.push(`${name}: &${name} [${`*${of}, `.repeat(9)}]`);
    }
    expect(refusal(bomb.join('\n'))).toMatch(/^f\.yaml: its YAML can't be expanded: /);
    expect(refusal(`# ${'x'.repeat(5_000_000)}`)).toBe(
      'f.yaml: it has 5000002 characters; keep parameters below 4194304.',
    );
  });

  test('which is no mapping at all is refused', () => {
    expect(refusal('')).toMatch(/^f\.yaml: the top level is null; write a mapping with operations/);
    expect(refusal('5')).toMatch(/^f\.yaml: the top level is 5; write a mapping with operations/);
  });
});

describe("damo's form", () => {
  const context = { ops: 'paddr', targets: [] };

  test('is known by its top level', () => {
    const one = { kdamonds: [{ contexts: [context] }] };
    expect(parseParams(one, 'test').operations).toBe('paddr');
    expect(parseParams(one.kdamonds, 'test').operations).toBe('paddr');
  });

  test('may have several kdamonds for those who can take them', () => {
    const text = JSON.stringify([{ contexts: [context] }, { contexts: [context] }]);
    expect(parseKdamondsText(text, 'f.json')).toHaveLength(2);
    expect(() => parseParamsText(text, 'f.json')).toThrow(
      'f.json describes 2 kdamonds, but one is wanted here; keep one in the file.',
    );
  });
});

test('what is read is frozen all the way down', () => {
  const spec = parseParams({ schemes: [{ action: 'stat', filters: [] }] }, 'test');
  expect(Object.isFrozen(spec)).toBe(true);
  expect(Object.isFrozen(spec.schemes[0]!.pattern.sizeBytes)).toBe(true);
  expect(Object.isFrozen(spec.schemes[0]!.filters)).toBe(true);
});
