import { describe, expect, test } from 'vitest';
import { validateParams } from '../params/validate.ts';
import { tierFacts, tierNode } from '../testing/tier-facts.ts';
import { TIER_PRESETS, tierPlan } from './tier.ts';
import { lowerNeighbour, tiersOf, upperNeighbour } from './tiers.ts';

const MIB = 2 ** 20;

describe('tiers', () => {
  const nodes = [tierNode({ nid: 0 }), tierNode({ nid: 1 }), tierNode({ nid: 2 })];

  test('are the kernel’s where it has some', () => {
    const mixed = [tierNode({ nid: 0, tier: 90 }), tierNode({ nid: 1, tier: 4 })];
    const tiers = tiersOf(tierFacts({ nodes: mixed }));
    expect(tiers.map((tier) => tier.nodes.map(({ nid }) => nid))).toEqual([[1], [0]]);
    expect(tiers[0]!.source).toBe('the kernel');
  });

  test('go by latency without them, then by processors and distance', () => {
    const noTier = nodes.map((node) => ({ ...node, tier: null }));
    const byLatency = noTier.map((node) => ({ ...node, latencyNs: node.nid === 2 ? 210 : 200 }));
    const of = (list: typeof noTier) =>
      tiersOf(tierFacts({ nodes: list })).map((tier) => tier.nodes.map(({ nid }) => nid));
    expect(of(noTier)).toEqual([[0], [1], [2]]);
    expect(of(byLatency)).toEqual([[0, 1, 2]]);
    expect(of(noTier.map((node) => ({ ...node, latencyNs: null })))).toEqual([[0], [1], [2]]);
  });

  test('neighbours are the nearest of the next tier; nodes without memory are none', () => {
    const two = [
      tierNode({ nid: 0, tier: 1, distances: [10, 20, 40] }),
      tierNode({ nid: 1, tier: 2, totalBytes: 0 }),
      tierNode({ nid: 2, tier: 2, distances: [40, 20, 10] }),
    ];
    const tiers = tiersOf(tierFacts({ nodes: two }));
    expect(lowerNeighbour(tiers, two[0]!)?.nid).toBe(2);
    expect(upperNeighbour(tiers, two[2]!)?.nid).toBe(0);
    expect(upperNeighbour(tiers, two[0]!)).toBeNull();
  });
});

describe('the plan', () => {
  test('has a context for each node, with aims that overlap', () => {
    const { contexts, notes } = tierPlan(TIER_PRESETS, tierFacts());
    expect(notes).toEqual([]);
    expect(contexts.map(({ nid }) => nid)).toEqual([0, 1]);
    for (const { params } of contexts) expect(() => validateParams(params)).not.toThrow();
    const [down] = contexts[0]!.params.schemes;
    const [up] = contexts[1]!.params.schemes;
    expect(down).toMatchObject({
      action: 'migrate_cold',
      targetNid: 1,
      quota: { goals: [{ metric: 'node_mem_free_bp', nid: 0, targetValue: 150 }] },
      filters: [{ type: 'young', matching: true, allow: false }],
    });
    expect(up).toMatchObject({
      action: 'migrate_hot',
      targetNid: 0,
      quota: { goals: [{ metric: 'node_mem_used_bp', nid: 0, targetValue: 9900 }] },
      filters: [{ type: 'young', matching: false, allow: false }],
    });
    expect(contexts[0]!.params.targets[0]!.regions).toEqual([{ start: 0, end: 4 * 2 ** 30 }]);
  });

  test('shares the bytes out so that no second sees more than the knob', () => {
    const nodes = [tierNode({ nid: 0 }), tierNode({ nid: 1 }), tierNode({ nid: 2 })];
    const bytesPerSecond = 120 * MIB;
    const { contexts } = tierPlan({ ...TIER_PRESETS, bytesPerSecond }, tierFacts({ nodes }));
    const quotas = contexts.flatMap(({ params }) => params.schemes.map(({ quota }) => quota));
    expect(contexts.map(({ params }) => params.schemes.map(({ targetNid }) => targetNid))).toEqual([
      [1],
      [2, 0],
      [1],
    ]);
    expect(quotas.every(({ resetIntervalMs }) => resetIntervalMs === 100)).toBe(true);
    // Eleven windows of 100 ms may touch a second, and each of the four schemes has its own.
    const worst = quotas.reduce((sum, { sizeBytes }) => sum + 11 * Number(sizeBytes), 0);
    expect(worst).toBeLessThanOrEqual(bytesPerSecond);
    expect(worst).toBeGreaterThan(bytesPerSecond - 4 * 11 * 4096);
  });

  test('raises an aim that the kernel keeps by itself, and says so', () => {
    const nodes = [tierNode({ nid: 0, highWatermarkBytes: 82 * MIB }), tierNode({ nid: 1 })];
    const { contexts, notes } = tierPlan(TIER_PRESETS, tierFacts({ nodes }));
    expect(contexts[0]!.params.schemes[0]!.quota.goals[0]!.targetValue).toBe(301);
    expect(notes).toEqual([
      'Node 0: the kernel keeps 2 % free by itself, so the aim of 1.5 % free is raised to 3 %.',
    ]);
  });

  test('warns of what fights it, or leaves it alone', () => {
    const facts = tierFacts({ demotionEnabled: false, numaBalancing: 'tiering', swapBytes: 0 });
    const { notes } = tierPlan({ ...TIER_PRESETS, useShare: 0.9 }, facts);
    expect(notes.join('\n')).toMatch(/leave a gap/);
    expect(notes.join('\n')).toMatch(/demotion_enabled/);
    expect(notes.join('\n')).toMatch(/two promoters undo each other/);
    expect(notes.join('\n')).toMatch(/no swap/);
  });

  test('warns of NUMA balancing without its tiering mode, where the slow node has no processors', () => {
    const notes = (slowHasCpu: boolean) => {
      const nodes = [tierNode({ nid: 0 }), tierNode({ nid: 1, hasCpu: slowHasCpu })];
      return tierPlan(TIER_PRESETS, tierFacts({ numaBalancing: 'nodes', nodes })).notes.join();
    };
    expect(notes(false)).toMatch(/two promoters undo each other/);
    expect(notes(true)).not.toMatch(/promoters/);
  });

  test('says why a machine can’t have one', () => {
    const one = tierFacts({ nodes: [tierNode({ nid: 0 })] });
    expect(() => tierPlan(TIER_PRESETS, one)).toThrow(/single tier/);
    const hidden = tierFacts({ nodes: [tierNode({ nid: 0, ranges: [] }), tierNode({ nid: 1 })] });
    expect(() => tierPlan(TIER_PRESETS, hidden)).toThrow(/run it as root/);
  });
});
