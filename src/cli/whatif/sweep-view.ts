/** What came of a sweep: the front of the sets that nothing beats. */
import { formatDuration } from '../../base/units.ts';
import { knobText } from '../../policies/explain.ts';
import { bold, dim, type Line, plain } from '../terminal/line.ts';
import { formatTable } from '../terminal/table.ts';
import { paretoFront, type SweptSet } from './grid.ts';
import type { WhatIfPlan } from './plan.ts';
import { outcomeColumns } from './result-view.ts';
import type { ReplaySource } from './source.ts';

/** Everything that a sweep has found. */
export interface SweepResult {
  readonly source: ReplaySource;
  readonly plan: WhatIfPlan;
  readonly sets: readonly SweptSet[];
  readonly limits: readonly string[];
}

/** What `--json` prints; `front` has the indexes of its sets, the gentlest first. */
export function sweepObject({ source, plan, sets, limits }: SweepResult): object {
  return {
    kind: 'whatif-sweep',
    recording: source.file,
    plan: plan.name,
    durationUs: Math.round(source.pattern.durationUs),
    knobs: plan.knobs.map(({ flag, kind }) => ({ name: flag, kind })),
    sets: sets.map(({ values, outcome }) => ({ values, ...outcome })),
    front: paretoFront(sets).map((set) => sets.indexOf(set)),
    notes: plan.notes,
    limits,
  };
}

/** The front as lines. */
export function sweepLines({ source, plan, sets, limits }: SweepResult): Line[] {
  const front = paretoFront(sets);
  const table = formatTable(front, [
    ...plan.knobs.map((knob, index) => ({
      heading: knob.flag.toUpperCase(),
      text: ({ values }: SweptSet) => knobText(knob, values[index]!),
      align: 'right' as const,
    })),
    ...outcomeColumns<SweptSet>(({ outcome }) => outcome),
  ]);
  return [
    bold(`what if ${plan.name} had run on ${source.file}`),
    plain(
      `${sets.length} settings over ${formatDuration(source.pattern.durationUs)}; ` +
        `${front.length} that no other beats, the gentlest first`,
    ),
    plain(''),
    ...table.map(plain),
    plain(''),
    ...[...plan.notes, ...limits].map((sentence) => dim(`limit: ${sentence}`)),
  ];
}
