import { expect, test } from 'vitest';
import { validateParams } from '../params/validate.ts';
import { machineFacts, policyFacts } from '../testing/machine-facts.ts';
import { explain, explanationLines } from './explain.ts';
import { moduleParameters } from './module-parameters.ts';
import { presetKnobs } from './policy.ts';
import { stat } from './stat.ts';

const knobs = presetKnobs(stat);

test('the machine is watched where its memory is, by physical address', () => {
  const facts = policyFacts();
  const { params } = stat.plan(knobs, facts);
  expect(params.operations).toBe('paddr');
  expect(params.targets).toEqual([{ regions: facts.host.memoryRanges, obsolete: false }]);
  expect(params.schemes).toEqual([]);
  expect(params.attrs.intervalsGoal.accessBp).toBe(400);
  expect(() => validateParams(params)).not.toThrow();
});

test('a large machine gets one region for each 512 MiB at least', () => {
  const host = machineFacts({ memoryRanges: [{ start: 0, end: 64 * 2 ** 30 }] });
  expect(stat.plan(knobs, policyFacts({ host })).params.attrs.minNrRegions).toBe(128);
});

test('a process is a target of virtual addresses, a cgroup without the kernel its processes', () => {
  const subject = { kind: 'processes', pids: [7, 9] } as const;
  const byKernel = stat.plan(knobs, policyFacts({ subject })).params;
  expect(byKernel.operations).toBe('vaddr');
  expect(byKernel.targets.map(({ pid }) => pid)).toEqual([7, 9]);
  const cgroup = { kind: 'cgroup', path: '/a' } as const;
  const bySmaps = stat.plan(
    knobs,
    policyFacts({ subject: cgroup, watcher: 'smaps', pids: [3] }),
  ).params;
  expect(bySmaps.targets.map(({ pid }) => pid)).toEqual([3]);
  expect(bySmaps.attrs.sampleIntervalUs).toBe(200_000);
});

test('what can not be watched is refused with the way out', () => {
  expect(() => stat.plan(knobs, policyFacts({ watcher: 'smaps' }))).toThrow(/--pid.*--kernel/);
  const host = machineFacts({ memoryRanges: [] });
  expect(() => stat.plan(knobs, policyFacts({ host }))).toThrow(/run it as root/);
});

test('the words name the stage, what is watched, and the module beside it', () => {
  const facts = policyFacts();
  const lines = explanationLines(explain(stat, knobs, facts, stat.plan(knobs, facts)));
  expect(lines).toContain('schemes    none');
  expect(lines).toContainEqual(expect.stringMatching(/^stage {6}\w+/));
  expect(lines).toContain("damon_stat's defaults beside ours:");
});

test('as a module it is switched on, and nothing else', () => {
  const { params } = stat.plan(knobs, policyFacts());
  const module = moduleParameters('damon_stat', params);
  expect(module).toEqual({ name: 'damon_stat', values: [['enabled', 'Y']], notes: [] });
});
