import { expect, test } from 'vitest';
import { tierFacts, tierNode } from '../testing/tier-facts.ts';
import { TIER_PRESETS } from './tier.ts';
import { tierProcessPlan } from './tier-processes.ts';

const MIB = 2 ** 20;

test('each scheme has its pair of nodes, its aim and its part of the rate', () => {
  const nodes = [0, 1, 2].map((nid) => tierNode({ nid }));
  const knobs = { ...TIER_PRESETS, bytesPerSecond: 44 * MIB };
  const { params, fromNids } = tierProcessPlan(knobs, tierFacts({ nodes }), [7, 8]);
  const { schemes, targets, operations } = params;
  expect(operations).toBe('vaddr');
  expect(targets.map(({ pid }) => pid)).toEqual([7, 8]);
  const links = schemes.map(({ action, targetNid, quota }, index) => {
    const [goal] = quota.goals;
    return [action, fromNids[index], targetNid, goal?.metric, goal?.nid];
  });
  expect(links).toEqual([
    ['migrate_cold', 0, 1, 'node_mem_free_bp', 0],
    ['migrate_cold', 1, 2, 'node_mem_free_bp', 1],
    ['migrate_hot', 1, 0, 'node_mem_used_bp', 0],
    ['migrate_hot', 2, 1, 'node_mem_used_bp', 1],
  ]);
  // A second touches eleven windows at most.
  expect(schemes.map(({ quota }) => quota.sizeBytes)).toEqual(Array(4).fill(MIB));
  expect(schemes.every(({ quota }) => quota.resetIntervalMs === 100)).toBe(true);
});

test('half of a mapping must be in use for it to go up, and nothing for a window to go down', () => {
  const { params, notes } = tierProcessPlan(TIER_PRESETS, tierFacts(), [7]);
  const { sampleIntervalUs, aggregationIntervalUs } = params.attrs;
  const samples = aggregationIntervalUs / sampleIntervalUs;
  const [down, up] = params.schemes.map(({ pattern }) => pattern);
  expect(up!.nrAccesses).toEqual({ min: samples / 2, max: 'max' });
  expect(down!.nrAccesses).toEqual({ min: 0, max: 0 });
  expect(down!.age).toEqual({ min: 1, max: 'max' });
  expect(params.schemes.every(({ filters }) => filters.length === 0)).toBe(true);
  expect(notes.at(-1)).toMatch(/mappings move as a whole/);
});
