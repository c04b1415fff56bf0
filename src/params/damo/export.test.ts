import { describe, expect, test } from 'vitest';
import { DEFAULT_SCHEME } from '../defaults.ts';
import { parseParams } from '../parse.ts';
import { resolveParams } from '../resolve.ts';
import { exportKdamonds } from './export.ts';
import { formatDamo } from './text.ts';

const params = resolveParams(
  parseParams(
    {
      targets: [{ pid: 7 }],
      schemes: [
        {
          action: 'pageout',
          pattern: { sizeBytes: { min: 4096 }, nrAccesses: { max: 5 }, age: { min: 1_200 } },
          quota: { timeMs: 10, sizeBytes: 1_234_567, weights: { agePermil: 333 } },
        },
      ],
    },
    'test',
  ),
  0,
);

test('quantities have the unit with them, or are digits in the unit of their key', () => {
  const { kdamonds, notes } = exportKdamonds([params]);
  expect(notes).toEqual([]);
  expect(kdamonds).toMatchObject([
    {
      contexts: [
        {
          ops: 'vaddr',
          targets: [{ pid: 7, regions: [] }],
          intervals: { sample_us: '5000 us', aggr_us: '100000 us', ops_update_us: '60000000 us' },
          schemes: [
            {
              action: 'pageout',
              target_nid: null,
              access_pattern: {
                sz_bytes: { min: '4096', max: 'max' },
                nr_accesses: { min: '0 samples', max: '5 samples' },
                age: { min: '1200 aggr_intervals', max: 'max aggr_intervals' },
              },
              quotas: {
                time_ms: '10 ms',
                sz_bytes: '1234567',
                reset_interval_ms: '1000 ms',
                weights: { sz_permil: '0', nr_accesses_permil: '0', age_permil: '333' },
              },
            },
          ],
        },
      ],
    },
  ]);
});

describe('what the form has no place for', () => {
  const rich = {
    ...params,
    minRegionSize: 8192,
    probes: [{ weight: 3, filters: [] }],
    schemes: [
      { ...DEFAULT_SCHEME, action: 'stat' as const, maxNrSnapshots: 5 },
      { ...DEFAULT_SCHEME, action: 'alloc' as const },
    ],
  };
  const sentences = [
    'minRegionSize 8192 is left out; damo goes by 4096.',
    'probes[0].weight 3 is left out; the probe will count and not replace access checks.',
    'schemes[0].maxNrSnapshots 5 is left out; the scheme will not stop by itself.',
    "schemes[1] is left out; alloc is Thermocline's own action.",
  ];

  test('is told in sentences', () => {
    expect(formatDamo([rich], 'json').notes).toEqual(sentences);
  });

  test('is told with the kdamond when there are several', () => {
    expect(formatDamo([params, rich], 'yaml').notes).toEqual(
      sentences.map((sentence) => `kdamonds[1]: ${sentence}`),
    );
  });
});

test('YAML keeps texts texts for readers of version 1.1', () => {
  const filter = { type: 'memcg', matching: true, allow: false, memcgPath: 'no' } as const;
  const tree = {
    ...params,
    schemes: [{ ...DEFAULT_SCHEME, action: 'stat' as const, filters: [filter] }],
  };
  const { text } = formatDamo([tree], 'yaml');
  expect(text).toContain('memcg_path: "no"');
  expect(text).toContain('addr_unit: "1"');
});
