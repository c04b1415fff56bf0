import { describe, expect, test } from 'vitest';
import type { Params } from '../params/types.ts';
import { validateParams } from '../params/validate.ts';
import { machineFacts, policyFacts } from '../testing/machine-facts.ts';
import { explain, explanationLines } from './explain.ts';
import { moduleParameters } from './module-parameters.ts';
import { type Observation, type PolicyFacts, presetKnobs } from './policy.ts';
import { type ReclaimState, reclaim } from './reclaim.ts';

const MIB = 2 ** 20;
const SECOND = 1_000_000;
const knobs = presetKnobs(reclaim);
const facts = policyFacts();

const taker = ({ schemes }: Params) => schemes.find(({ action }) => action === 'pageout')!;

describe('the plan', () => {
  test('for a machine looks at pages again, and never goes without a quota in bytes', () => {
    const { params } = reclaim.plan(knobs, facts);
    expect(() => validateParams(params)).not.toThrow();
    expect(params.schemes.map(({ action }) => action)).toEqual(['stat', 'pageout']);
    const { pattern, quota, filters } = taker(params);
    const { aggregationIntervalUs } = params.attrs;
    expect(Number(pattern.age.min) * aggregationIntervalUs).toBeGreaterThanOrEqual(30 * SECOND);
    expect(filters).toEqual([{ type: 'young', matching: true, allow: false }]);
    // Begins small: harm is found out with little memory.
    expect(Number(quota.sizeBytes)).toBeLessThan(16 * MIB);
    expect(Number(quota.sizeBytes)).toBeGreaterThan(0);
    expect(quota.weights.agePermil).toBe(1);
    // The look comes first, so that what is taken was idle since then.
    const [look] = params.schemes;
    expect(Number(look!.pattern.age.max)).toBeLessThan(Number(pattern.age.min));
  });

  test('leaves anonymous memory alone where it has nowhere to go', () => {
    const memory = { ...facts.host.memory, swapTotalBytes: 0, swapFreeBytes: 0 };
    const host = machineFacts({ memory, swapDevices: [] });
    const { params, notes } = reclaim.plan(knobs, policyFacts({ host }));
    expect(taker(params).filters[0]).toEqual({ type: 'anon', matching: true, allow: false });
    expect(notes).toContainEqual(expect.stringMatching(/There is no swap/));
  });

  test('for a process takes regions without any access, and says that pages are not looked at', () => {
    const subject = { kind: 'processes', pids: [7] } as const;
    const { params, notes } = reclaim.plan(knobs, policyFacts({ subject }));
    expect(params.operations).toBe('vaddr');
    expect(params.schemes).toHaveLength(1);
    expect(taker(params).pattern.nrAccesses).toEqual({ min: 0, max: 0 });
    expect(notes).toContainEqual(expect.stringMatching(/single pages are not looked at/));
  });

  test('counts less what of a cgroup stays, since most of that belongs to others', () => {
    const subject = { kind: 'cgroup', path: '/jobs' } as const;
    const failCharge = (of: PolicyFacts) => {
      const { quota } = taker(reclaim.plan(knobs, of).params);
      return quota.failChargeNumerator / quota.failChargeDenominator;
    };
    expect(failCharge(policyFacts({ subject }))).toBe(1 / 64);
    expect(failCharge(facts)).toBeNaN();
  });

  test('keeps to a part of a process by filters, which allow nothing', () => {
    const subject = { kind: 'processes', pids: [7] } as const;
    const part = {
      words: 'mapping [heap], /lib/a.so',
      ranges: [
        { start: 0x1000, end: 0x3000 },
        { start: 0x8000, end: 0x9000 },
      ],
    };
    const { params, notes } = reclaim.plan(knobs, policyFacts({ subject, part }));
    expect(() => validateParams(params)).not.toThrow();
    const reject = { type: 'addr', matching: true, allow: false };
    expect(taker(params).filters).toEqual([
      { ...reject, range: { start: 0, end: 0x1000 } },
      { ...reject, range: { start: 0x3000, end: 0x8000 } },
      { ...reject, range: { start: 0x9000, end: 2 ** 52 } },
    ]);
    expect(params.targets[0]!.regions).toEqual([]);
    expect(notes).toContainEqual(expect.stringMatching(/what is mapped or grows later/));
  });

  test('watches a part of physical memory alone', () => {
    const part = { words: 'zone Normal', ranges: [{ start: 2 ** 32, end: 2 ** 33 }] };
    const { params } = reclaim.plan(knobs, policyFacts({ part }));
    expect(params.targets[0]!.regions).toEqual(part.ranges);
    const [text] = explanationLines(
      explain(reclaim, knobs, policyFacts({ part }), { params, notes: [] }),
    ).filter((line) => line.startsWith('watches'));
    expect(text).toMatch(/zone Normal of the whole machine/);
  });

  test('compares with the module in words, also where intervals are not tuned', () => {
    const subject = { kind: 'processes', pids: [7] } as const;
    const words = (differences: Parameters<typeof policyFacts>[0]) => {
      const compared = reclaim.twin!.compare(reclaim.plan(knobs, policyFacts(differences)));
      return Object.fromEntries(compared.map(({ setting, ours }) => [setting, ours]));
    };
    expect(words({})['sampling interval']).toBe('tuned, up to 187.5 ms');
    const smaps = words({ subject, watcher: 'smaps' });
    expect(smaps['sampling interval']).toBe('200 ms');
    expect(smaps['quota']).toBe('from 4 MiB a second on, doubling while nobody feels it');
  });

  test('leaves anonymous mappings alone where smaps tells that they have nowhere to go', () => {
    const subject = { kind: 'processes', pids: [7] } as const;
    const memory = { ...facts.host.memory, swapTotalBytes: 0, swapFreeBytes: 0 };
    const host = machineFacts({ memory, swapDevices: [] });
    const { params } = reclaim.plan(knobs, policyFacts({ host, subject, watcher: 'smaps' }));
    expect(taker(params).filters).toEqual([{ type: 'anon', matching: true, allow: false }]);
  });

  test('leaves out the cgroup that it runs in', () => {
    const { params } = reclaim.plan(knobs, policyFacts({ ownCgroup: '/thermocline.service' }));
    expect(taker(params).filters[0]).toMatchObject({
      ...{ type: 'memcg', matching: true, allow: false, memcgPath: '/thermocline.service' },
    });
  });

  test('counts ages in the intervals that are in force', () => {
    const intervals = { sampleIntervalUs: 500_000, aggregationIntervalUs: 10 * SECOND };
    const { params } = reclaim.plan(knobs, policyFacts({ intervals }));
    expect(taker(params).pattern.age.min).toBe(3);
    expect(params.attrs).toMatchObject(intervals);
  });

  test('stands beside DAMON_RECLAIM, in words and as its parameters', () => {
    const plan = reclaim.plan(knobs, facts);
    const lines = explanationLines(explain(reclaim, knobs, facts, plan)).join('\n');
    expect(lines).toContain('idle time: 120 s; ours: 30 s at least');
    const { values, notes } = moduleParameters('damon_reclaim', plan.params);
    expect(Object.fromEntries(values)).toMatchObject({ min_age: '30000000', enabled: 'Y' });
    expect(notes).toContainEqual(expect.stringMatching(/aims at 0\.4 %/));
  });
});

function seen(differences: Partial<Observation> = {}): Observation {
  return {
    elapsedUs: SECOND,
    score: { value: 0, by: 'pressure', problem: null },
    ...{ pressureShare: 0, chargedBytes: 1024 * MIB, refaultedBytes: 0, returns: [] },
    ...differences,
  };
}

function played(observations: readonly Observation[]) {
  const { begin, step } = reclaim.adaptation!;
  let state: ReclaimState = begin(knobs);
  let last = step(state, seen(), knobs, facts);
  for (const observation of observations) {
    last = step(state, observation, knobs, facts);
    state = last.state;
  }
  return last;
}

describe('step by step', () => {
  test('the rate doubles while nobody feels it, up to the knob', () => {
    const quotas = [1, 2, 3, 8, 20].map(
      (steps) => played(Array(steps).fill(seen())).state.tuner.quotaBytes / MIB,
    );
    expect(quotas).toEqual([4, 8, 16, 64, 64]);
  });

  test('a score of 2 takes nothing more, in the same step', () => {
    const hurt = seen({ score: { value: 2, by: 'p99', problem: null } });
    const { params, why } = played([...Array(8).fill(seen()), hurt]);
    expect(taker(params).quota.sizeBytes).toBe(1);
    expect(why).toMatch(/^Nothing is taken because of p99/);
  });

  const stalled = (idleUs: number, share: number) =>
    seen({ pressureShare: share, returns: [{ bytes: MIB, idleUs }] });

  test('memory that comes back too often has to be idle for longer', () => {
    // 200 s in which a tenth of the time is lost to memory that had been idle for 100 s.
    const { state } = played(Array(200).fill(stalled(100 * SECOND, 0.1)));
    expect(state.coldAgeUs).toBeGreaterThan(100 * SECOND);
    // Longer idle times have done no harm, so they are not given up.
    expect(state.coldAgeUs).toBeLessThan(150 * SECOND);
  });

  test('what costs less than is acceptable changes nothing', () => {
    const { state } = played(Array(200).fill(stalled(100 * SECOND, knobs.pressureShare / 2)));
    expect(state.coldAgeUs).toBe(knobs.coldAgeUs);
  });

  test('once the harm is past, the idle time comes down again', () => {
    const hurt = Array(200).fill(stalled(100 * SECOND, 0.1));
    const calm = Array(7200).fill(seen());
    expect(played([...hurt, ...calm]).state.coldAgeUs).toBe(knobs.coldAgeUs);
  });
});
