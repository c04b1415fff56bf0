import { expect, test } from 'vitest';
import { exportFilter } from '../../params/damo/export.ts';
import type { OperationsFilter } from '../../params/types.ts';
import { AccessRecording } from './recorded-access.ts';

const MIB = 2 ** 20;

/** What is known of 8 MiB without an access in samples, of which 2 MiB passed filters. */
function accessOf(filters: readonly OperationsFilter[], passed = 2 * MIB, nrAccesses = 0) {
  const recording = new AccessRecording();
  recording.take({
    kind: 'series',
    index: 0,
    series: {
      ...{ kdamondIndex: 0, contextIndex: 0, schemeIndex: null, targetId: '0', pid: null },
      intervals: {
        ...{ sampleIntervalUs: 5_000, aggregationIntervalUs: 100_000 },
        ...{ operationsUpdateIntervalUs: 1_000_000, goal: null },
      },
      filters: filters.map(exportFilter),
    },
  });
  for (const second of [1n, 2n]) {
    recording.take({
      kind: 'snapshot',
      snapshot: {
        ...{ seriesIndex: 0, startNs: (second - 1n) * 10n ** 9n, endNs: second * 10n ** 9n },
        ...{ sampleIntervalUs: null, aggregationIntervalUs: null, nrRegions: 1 },
        ...{ start: Float64Array.of(0), end: Float64Array.of(8 * MIB) },
        ...{ nrAccesses: Uint32Array.of(nrAccesses), age: Float64Array.of(3) },
        ...{ filterPassedBytes: Float64Array.of(passed), probeHits: null, schemeStats: null },
      },
    });
  }
  const { knowsTouched, pattern } = recording.answer();
  return { knowsTouched, nrRows: pattern!.targets[0]!.firstRow.at(-1) };
}

const young = { type: 'young', matching: true, allow: true } as const;

test('pages that were looked at tell what samples have missed', () => {
  expect(accessOf([young])).toEqual({ knowsTouched: true, nrRows: 1 });
  const memcg = { type: 'memcg', memcgPath: '/jobs', matching: false, allow: false } as const;
  expect(accessOf([memcg, young])).toEqual({ knowsTouched: true, nrRows: 1 });
});

test('bytes that passed other filters tell nothing of accesses', () => {
  const anon = { type: 'anon', matching: true, allow: true } as const;
  const old = { ...young, matching: false };
  for (const filters of [[], [anon], [old], [{ ...anon, allow: false }, young]]) {
    expect(accessOf(filters)).toEqual({ knowsTouched: false, nrRows: 0 });
  }
});

test('counts that stay 0 beside accesses are none', () => {
  expect(accessOf([young], 0, 20)).toEqual({ knowsTouched: false, nrRows: 2 });
});
