/** The loop of tiered memory: on a simulated machine, and beside what goes wrong on a real one. */
import { describe, expect, test } from 'vitest';
import { parseScenario, simulatedTierFacts } from '../host/sim/index.ts';
import { JointSimulation } from '../monitor/joint-simulation.ts';
import type { Params } from '../params/types.ts';
import { shadowParams } from '../policies/shadow.ts';
import { tierPlan } from '../policies/tier.ts';
import type { LoopMode } from './policy-loop.ts';
import { type TierHost, TierLoop, type TierReport } from './tier-loop.ts';

const MIB = 2 ** 20;
const SECOND = 1_000_000;

/** Cold memory fills the fast node, and what is hot came too late for it. */
const FULL_FAST_NODE = `
seed: 5
nodes:
  - { sizeBytes: 128 MiB, latencyNs: 100, tier: 0 }
  - { sizeBytes: 256 MiB, latencyNs: 300, tier: 1 }
processes:
  - name: server
    vmas:
      - { name: cold, sizeBytes: 128 MiB }
      - { name: hot, sizeBytes: 32 MiB }
    accesses:
      - { vma: hot, pattern: uniform, ratePerSecond: 100 }
`;

type Totals = ReturnType<TierHost['totals']>;

interface Play {
  readonly mode?: LoopMode;
  /** What the host says in a second, beside its time. */
  readonly says?: (second: number) => Partial<Totals>;
  readonly rivals?: (second: number) => readonly string[];
}

async function play(seconds: number, { mode = 'run', says, rivals }: Play = {}) {
  const scenario = parseScenario(FULL_FAST_NODE, 'a test');
  const probe = new JointSimulation({ scenario, contexts: [] });
  const knobs = { freeShare: 0.02, useShare: 0.99, bytesPerSecond: 400 * MIB };
  const { contexts } = tierPlan(knobs, simulatedTierFacts(probe.machine));
  const simulation = new JointSimulation({
    scenario,
    contexts: contexts.map(({ params }) => (mode === 'run' ? params : shadowParams(params))),
  });
  const commits: Params[][] = contexts.map(() => []);
  const parts = contexts.map(({ nid, params: planned }, index) => {
    const driver = simulation.drivers[index]!;
    return {
      params: planned,
      fromNids: [nid],
      monitor: {
        stats: async () => driver.stats(),
        async commit(params: Params) {
          commits[index]!.push(params);
          driver.commit(params);
        },
      },
    };
  });
  let second = 0;
  const host: TierHost = {
    totals: () => ({
      ...{ timeUs: second * SECOND, memoryPressure: null, stalledAllocations: 0 },
      ...says?.(second),
    }),
    rivals: () => rivals?.(second) ?? [],
  };
  const loop = new TierLoop({ parts, host, mode });
  const reports: TierReport[] = [];
  for (second = 1; second <= seconds; second++) {
    simulation.runUntil(second * SECOND);
    reports.push(await loop.step());
  }
  return { reports, commits, machine: simulation.machine };
}

const movedBytes = ({ moved }: TierReport, direction: 'up' | 'down') =>
  moved.reduce((sum, one) => sum + (one.direction === direction ? one.bytes : 0), 0);

describe('a run', () => {
  test('says what has moved, which is what the machine says', async () => {
    const { reports, commits, machine } = await play(60);
    const { promotedBytes, demotedBytes } = machine.summary();
    const last = reports.at(-1)!;
    expect(movedBytes(last, 'up')).toBe(promotedBytes);
    expect(movedBytes(last, 'down')).toBe(demotedBytes);
    expect(promotedBytes).toBeGreaterThanOrEqual(30 * MIB);
    expect(last.moved.map(({ fromNid, toNid }) => [fromNid, toNid])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(last).toMatchObject({ held: null, pressureShare: 0, stalledAllocations: 0 });
    expect(commits).toEqual([[], []]);
  });

  test('brings nothing up for 10 s after an allocation had to wait', async () => {
    const says = (second: number) => ({ stalledAllocations: second < 3 ? 0 : 7 });
    const { reports, commits } = await play(14, { says });
    expect(reports.map(({ held }) => held !== null)).toEqual(
      reports.map((_, index) => index + 1 >= 3 && index + 1 < 13),
    );
    expect(reports[2]).toMatchObject({ stalledAllocations: 7 });
    expect(reports[2]!.held).toMatch(/^Somebody had to wait for memory.* 10 s\.$/);
    const [down, up] = commits.map((params) => params[0]!.schemes[0]!.quota.sizeBytes);
    expect(down, 'what makes room goes on').toBeGreaterThan(MIB);
    expect(up).toBe(1);
    expect(commits.map((params) => params.length)).toEqual([2, 2]);
    expect(commits[1]![1]!.schemes[0]!.quota.sizeBytes).toBeGreaterThan(MIB);
    expect(movedBytes(reports[11]!, 'up')).toBe(movedBytes(reports[2]!, 'up'));
    expect(movedBytes(reports[11]!, 'down')).toBeGreaterThan(movedBytes(reports[2]!, 'down'));
  });

  test('does so as well when much time is lost to a lack of memory', async () => {
    const lost = (share: number) => (second: number) => {
      const someUs = second * SECOND * share;
      return { memoryPressure: { someUs, fullUs: 0 } };
    };
    const { reports: few } = await play(1, { says: lost(0.04) });
    expect(few[0]).toMatchObject({ held: null, pressureShare: 0.04 });
    const { reports: many } = await play(1, { says: lost(0.06) });
    expect(many[0]!.held).toMatch(/^Somebody had to wait/);
  });

  test('holds everything while somebody else steers the same memory', async () => {
    const rivals = (second: number) => (second === 2 || second === 3 ? ['damo runs.'] : []);
    const { reports, commits } = await play(4, { rivals });
    expect(reports.map(({ held }) => held)).toEqual([null, 'damo runs.', 'damo runs.', null]);
    const sizes = commits.map((params) => params.map(({ schemes }) => schemes[0]!.quota.sizeBytes));
    expect(sizes.map(([first]) => first)).toEqual([1, 1]);
    expect(sizes.map((all) => all.length)).toEqual([2, 2]);
  });
});

test('a shadow moves nothing, and changes nothing where a run would hold back', async () => {
  const rivals = () => ['damo runs.'];
  const { reports, commits, machine } = await play(20, { mode: 'shadow', rivals });
  expect(machine.summary()).toMatchObject({ promotedBytes: 0, demotedBytes: 0 });
  expect(commits).toEqual([[], []]);
  expect(reports.at(-1)!.held).toBe('damo runs.');
  expect(movedBytes(reports.at(-1)!, 'down')).toBeGreaterThan(0);
});
