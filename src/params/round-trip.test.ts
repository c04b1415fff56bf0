/** What is written can be read back: in our own form, and in damo's as far as that reaches. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryParams as params } from '../../test/arbitrary-params.ts';
import { exportKdamonds } from './damo/export.ts';
import { formatDamo } from './damo/text.ts';
import { diffParams } from './diff.ts';
import { parseKdamonds, parseParams, parseParamsText } from './parse.ts';

describe('any parameters', () => {
  test('are read back from our own form', () => {
    fc.assert(
      fc.property(params, (tree) => {
        expect(parseParams(JSON.parse(JSON.stringify(tree)), 'test')).toEqual(tree);
      }),
      { numRuns: 60 },
    );
  });

  test('are read back from damo JSON and YAML, with nothing left out', () => {
    fc.assert(
      fc.property(params, (tree) => {
        for (const format of ['json', 'yaml'] as const) {
          const { text, notes } = formatDamo([tree], format);
          expect(notes).toEqual([]);
          expect(parseParamsText(text, 'test')).toEqual(tree);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('are read back from damo as a list of kdamonds', () => {
    fc.assert(
      fc.property(fc.array(params, { minLength: 1, maxLength: 3 }), (trees) => {
        const { kdamonds } = exportKdamonds(trees);
        expect(parseKdamonds({ kdamonds }, 'test')).toEqual(trees);
        expect(parseKdamonds(kdamonds, 'test')).toEqual(trees);
      }),
      { numRuns: 20 },
    );
  });

  test('differ from others, and not from themselves', () => {
    fc.assert(
      fc.property(params, params, (a, b) => {
        expect(diffParams(a, structuredClone(a))).toEqual([]);
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(diffParams(a, b).length > 0).toBe(!same);
      }),
      { numRuns: 60 },
    );
  });
});
