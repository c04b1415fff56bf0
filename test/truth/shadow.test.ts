/** A shadow says what a run does, on simulated workloads of several kinds. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { readWorkload } from '../../bench/reclaim/jobs.ts';
import { shadowRow, WITHIN } from '../../bench/reclaim/shadow-truth.ts';

const folder = path.join(import.meta.dirname, '../../bench/reclaim/workloads');

// All twelve, and over all of their time, are in "npm run bench -- shadow".
test.each([
  ['hot-sets', 400],
  ['swapless', 400],
  ['diurnal', 700],
])('%s', { timeout: 240_000 }, async (name, seconds) => {
  const scenario = readWorkload({ name, file: path.join(folder, `${name}.yaml`) });
  const row = await shadowRow(name, scenario, seconds * 1e6);
  expect(row.was.leftBytes).toBeGreaterThan(2 ** 30);
  expect(row.was.cameBackBytes).toBeGreaterThan(2 ** 24);
  expect(Math.abs(row.leftOff)).toBeLessThan(WITHIN);
  expect(Math.abs(row.cameBackOff)).toBeLessThan(WITHIN);
});
