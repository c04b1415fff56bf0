/** Watches and does nothing: idle times and bandwidth, as the kernel's DAMON_STAT tells them. */
import { ThermoclineError } from '../base/errors.ts';
import type { Comparison, Policy, PolicyFacts, PolicyPlan } from './policy.ts';
import { watchedMemory } from './watched-memory.ts';

/** It has no knobs. */
export type StatKnobs = Readonly<Record<never, number>>;

export const stat: Policy<StatKnobs> = {
  name: 'stat',
  summary: 'watch how long memory has been idle and how much of it is used, and do nothing',
  stage: 'candidate',
  evidence: [
    'It has no schemes, so there is nothing that it could do to memory.',
    'Idle times and bandwidth are computed as DAMON_STAT does (docs/damon-spec.md, 9.3): ' +
      'npx vitest run src/analysis/damon-stat.test.ts.',
    'To be stable it lacks use on machines in production.',
  ],
  knobs: {},
  plan: (_knobs, facts) => planOf(facts),
  adaptation: null,
  twin: { name: 'damon_stat', compare: ({ params }) => compareStat(params.attrs) },
};

function planOf(facts: PolicyFacts): PolicyPlan {
  if (facts.part !== undefined && facts.subject.kind === 'processes') {
    throw new ThermoclineError(
      'TC_UNSUPPORTED',
      'Mappings of a process are told apart by filters of schemes, and stat has no scheme; leave out --vma.',
    );
  }
  const { params, notes } = watchedMemory(facts);
  if (facts.subject.kind !== 'cgroup' || facts.watcher === 'smaps') return { params, notes };
  return {
    params,
    notes: [...notes, 'Without a scheme there is nothing to filter, so all cgroups are watched.'],
  };
}

function compareStat({ minNrRegions, intervalsGoal }: PolicyPlan['params']['attrs']): Comparison[] {
  const tuned = intervalsGoal.aggregations > 0;
  return [
    {
      setting: 'sampling interval',
      module: 'tuned, 5 ms to 10 s',
      ours: tuned ? 'tuned, 5 ms to 10 s' : 'fixed',
      why: tuned ? '' : 'reading a process has a cost of its own, which a ceiling bounds',
    },
    {
      setting: 'smallest number of regions',
      module: '10',
      ours: String(minNrRegions),
      why: minNrRegions === 10 ? '' : 'one for each 512 MiB, so that small hot areas are found',
    },
  ];
}
