import { expect, test } from 'vitest';
import { exportFilter } from '../../params/damo/export.ts';
import type { OperationsFilter } from '../../params/types.ts';
import type { RecordFormat } from '../../record/recording.ts';
import { AccessRecording } from './recorded-access.ts';

const MIB = 2 ** 20;

/** What is known of 8 MiB without an access in samples, of which 2 MiB passed filters. */
function accessOf(
  filters: readonly OperationsFilter[],
  { passed = 2 * MIB, nrAccesses = 0, format = 'tcr' as RecordFormat, seconds = [1n, 2n] } = {},
) {
  const recording = new AccessRecording();
  const origin = { format, host: null, kernelRelease: null, source: null, params: null };
  recording.take({ kind: 'origin', origin });
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
  for (const second of seconds) {
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
  const { firstRow, accessShare } = pattern!.targets[0]!;
  return { knowsTouched, nrRows: firstRow.at(-1), share: accessShare[0] };
}

const unknown = { knowsTouched: false, nrRows: 0 };
const young = { type: 'young', matching: true, allow: true } as const;

test('pages that were looked at tell what samples have missed', () => {
  // A quarter in a second, of 200 samples.
  const known = { knowsTouched: true, nrRows: 1, share: 1 - 0.75 ** (1 / 200) };
  expect(accessOf([young])).toEqual(known);
  const memcg = { type: 'memcg', memcgPath: '/jobs', matching: false, allow: false } as const;
  expect(accessOf([memcg, young])).toEqual(known);
  // A picture may come more rarely than a look, which is about the last second all the same.
  expect(accessOf([young], { seconds: [1n, 4n] })).toEqual(known);
});

test('how often others have looked is not known', () => {
  expect(accessOf([young], { format: 'damo-json' })).toMatchObject(unknown);
});

test('bytes that passed other filters tell nothing of accesses', () => {
  const anon = { type: 'anon', matching: true, allow: true } as const;
  const old = { ...young, matching: false };
  for (const filters of [[], [anon], [old], [{ ...anon, allow: false }, young]]) {
    expect(accessOf(filters)).toMatchObject(unknown);
  }
});

test('counts that stay 0 beside accesses are none', () => {
  const counts = { passed: 0, nrAccesses: 20 };
  expect(accessOf([young], counts)).toMatchObject({ knowsTouched: false, nrRows: 2 });
});
