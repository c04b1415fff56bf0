/** Recommendations for a recording of damo's, and what they are made of. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { runMain } from '../../test/run-main.ts';
import { chooseSet } from './recommend/advice.ts';
import { vpaText } from './recommend/view.ts';
import type { SweptSet } from './whatif/grid.ts';

const MIB = 2 ** 20;
const record = (name: string) =>
  fileURLToPath(new URL(`../../test/records/${name}`, import.meta.url));

const run = (...args: string[]) => runMain('recommend', ...args);

test('leaves the memory alone that takes turns, and gives room for its peak', {
  timeout: 300_000,
}, async () => {
  const { stdout, status } = await run(
    ...[record('damon.data'), '--format', 'json', '--time', 'min', '30s'],
  );
  const found = JSON.parse(stdout);
  expect(status).toBe(0);
  expect(found.expected.slowdownShare).toBeLessThanOrEqual(0.02);
  // Two arrays of 95 MiB take turns of 5 s; some 35 MiB are neither of them.
  expect(found.expected.savedBytes / MIB).toBeGreaterThan(25);
  expect(found.expected.savedBytes / MIB).toBeLessThan(45);
  // Both arrays are in use within one turn of each other.
  expect(found.unreclaimablePeakBytes / MIB).toBeGreaterThan(185);
  expect(found.limitBytes).toBeGreaterThanOrEqual(found.unreclaimablePeakBytes * 1.15);
  expect(found.limitBytes).toBeGreaterThan(found.requestBytes);
  expect(found.knobs.map(({ name }: { name: string }) => name)).toEqual([
    'cold-age',
    'bytes-per-second',
  ]);
  expect(found.confidence).toBe('low');
});

test('has the form of a VerticalPodAutoscaler', () => {
  const size = {
    usualBytes: 100 * MIB - 1,
    requestBytes: 120 * MIB,
    limitBytes: 150 * MIB + 1,
    unreclaimablePeakBytes: 0,
  };
  const text = vpaText(
    {
      ...{ file: 'a.tcr', maxSlowdownShare: 0.02, knobs: [], expected: null, residentBytes: 0 },
      ...{ size, confidence: 'low', reasons: ['One.', 'Two.'], limits: [] },
    },
    'server',
  );
  const memory = (mebibytes: number) => ({ memory: `${mebibytes}Mi` });
  // As Kubernetes reads it.
  expect(parse(text, { version: '1.1' })).toEqual({
    apiVersion: 'autoscaling.k8s.io/v1',
    kind: 'VerticalPodAutoscaler',
    metadata: {
      name: 'server',
      annotations: { 'thermocline/confidence': 'low', 'thermocline/reasons': 'One. Two.' },
    },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'server' },
      updatePolicy: { updateMode: 'Off' },
    },
    status: {
      recommendation: {
        containerRecommendations: [
          {
            containerName: 'server',
            lowerBound: memory(100),
            target: memory(120),
            uncappedTarget: memory(120),
            upperBound: memory(151),
          },
        ],
      },
    },
  });
});

function set(coldAge: number, savedMib: number, slowdownShare: number): SweptSet {
  const savedBytes = savedMib * MIB;
  const rest = { endSavedBytes: 0, pagedOutBytes: 0, refaultedBytes: 0, refaultsPerSecond: 0 };
  const outcome = { residentBytes: 1000 * MIB, savedBytes, savedShare: savedMib / 1000 };
  const net = { netSavedBytes: savedBytes, stallUs: 0, slowdownShare };
  return { values: [coldAge, 0], outcome: { ...outcome, ...rest, ...net } };
}

test('chooses the gentlest that saves about as much as any within the limit', () => {
  const sets = [set(1, 500, 0.3), set(2, 100, 0.019), set(8, 95, 0.001), set(20, 50, 0)];
  expect(chooseSet(sets, 0.02)).toBe(sets[2]);
  expect(chooseSet(sets, 1)).toBe(sets[0]);
  expect(chooseSet([set(1, 5, 0)], 0.02)).toBeNull();
  expect(chooseSet([set(1, 500, 0.3)], 0.02)).toBeNull();
});

test.each([
  [[record('damon.data.snapshot.nofilter')], /single snapshot, which doesn't tell what comes back/],
  [[record('damon.data'), '--max-slowdown', 'none'], /--max-slowdown is "none"/],
  [[record('damon.data'), '--max-slowdown', '200%'], /above 0, up to 100, like 2%/],
  [[], /Name one recording; 0 are named/],
])('%j is wrong usage', async (args, sentence) => {
  const { stderr, status } = await run(...args);
  expect(stderr).toMatch(sentence);
  expect(status).toBe(2);
});
