import { describe, expect, test } from 'vitest';
import { outcomeRows, verdictOf } from './outcome.ts';
import { presets, recipeNamed } from './recipes.ts';
import { buffersOf, TwinRun } from './twin-run.ts';
import { WORKLOADS } from './workloads.ts';

function runOf(workload: string, recipe: string): TwinRun {
  const { text } = WORKLOADS.find(({ name }) => name === workload)!;
  return new TwinRun({ scenario: text, recipe, knobs: presets(recipeNamed(recipe)) });
}

describe('two machines side by side', () => {
  test('differ by the scheme, and by nothing else', () => {
    const run = runOf('hot-tenth', 'Reclaim cold memory');
    const [trial, baseline] = run.advance(20e6);
    expect(trial!.machine.pagedOutBytes).toBeGreaterThan(2 ** 30);
    expect(baseline!.machine.pagedOutBytes).toBe(0);
    expect(trial!.frames.map(({ snapshot }) => snapshot.timeUs)).toEqual(
      baseline!.frames.map(({ snapshot }) => snapshot.timeUs),
    );
    const saved = outcomeRows(trial!.machine, baseline!.machine)[0]!;
    expect(saved.trial).toBeLessThan(saved.baseline);
    expect(verdictOf(trial!.machine, baseline!.machine)).toMatch(
      /^[\d.]+ GiB less memory in use, at the same speed, after 20 s\.$/,
    );
  });

  test('are the same without a scheme', () => {
    const run = runOf('demo', 'Watch only');
    const [trial, baseline] = run.advance(3e6);
    expect(trial!.machine).toEqual(baseline!.machine);
  });

  test('trade pages where there are two nodes', () => {
    const run = runOf('tiering-two-nodes', 'Tier hot and cold memory');
    const [trial, baseline] = run.advance(60e6);
    const fast = (step: typeof trial) =>
      outcomeRows(step!.machine, step!.machine).find(({ name }) => name === 'Fast accesses')!.trial;
    expect(fast(trial)).toBeGreaterThan(fast(baseline) + 0.1);
    expect(run.begun.labels.map(({ name }) => name)).toEqual(['node 0', 'node 1']);
  });

  test('send few enough pictures, each of which says for how long it speaks', () => {
    const run = runOf('tiering-two-nodes', 'Watch only');
    const [trial] = run.advance(10e6);
    const spans = trial!.frames.map(({ spanUs }) => spanUs);
    expect(new Set(spans)).toEqual(new Set([200_000]));
    expect(spans.length * 200_000).toBe(10e6);
  });

  test('end with their scenario', () => {
    const run = runOf('demo', 'Watch only');
    run.advance(1e9);
    expect(run.isDone).toBe(true);
    expect(run.nowUs).toBe(run.begun.durationUs);
  });

  test('give their columns away instead of copying them', () => {
    const [trial] = runOf('demo', 'Watch only').advance(1e6);
    const { snapshot } = trial!.frames[0]!;
    expect(buffersOf(trial!)).toContain(snapshot.start.buffer);
  });
});

describe('workloads', () => {
  test('can all be simulated, with every recipe that fits', { timeout: 120_000 }, () => {
    for (const { name, nrNodes } of WORKLOADS) {
      const recipe = nrNodes > 1 ? 'Tier hot and cold memory' : 'Reclaim cold memory';
      expect(runOf(name, recipe).advance(1e6)[0]!.machine.timeUs, name).toBe(1e6);
    }
  });
});
