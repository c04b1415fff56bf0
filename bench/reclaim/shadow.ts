/** What shadows say on the workloads of the suite, beside what runs then do. */

import { formatBytes } from '../../src/base/units.ts';
import { type Bench, formatShare } from '../harness.ts';
import { rowsOf } from './jobs.ts';
import { type ShadowRow, WITHIN } from './shadow-truth.ts';

const bench: Bench = {
  about: 'what a shadow says would leave and come back, beside what a run then does',
  async run(progress, { file }) {
    const entry = new URL('./shadow-worker.ts', import.meta.url);
    const rows = await rowsOf<ShadowRow>(entry, file, progress, toCells);
    const held = rows.filter(({ holds }) => holds).length;
    return {
      json: { rows },
      table: [
        ['workload', 'would leave', 'left', 'off', 'would come back', 'came back', 'off', ''],
        ...rows.map(toCells),
      ],
      notes: [
        `${held} of ${rows.length} within ${formatShare(WITHIN)}, over the whole of each workload.`,
        'What came back is 0 off where it is less than 5 % of what left, what left below 1 % of memory.',
      ],
    };
  },
};

export default bench;

function toCells({ workload, said, was, leftOff, cameBackOff, holds }: ShadowRow): string[] {
  const bytes = (count: number) => formatBytes(Math.round(count));
  const percent = (off: number) => `${off < 0 ? '-' : '+'}${formatShare(Math.abs(off))}`;
  return [
    workload,
    ...[bytes(said.leftBytes), bytes(was.leftBytes), percent(leftOff)],
    ...[bytes(said.cameBackBytes), bytes(was.cameBackBytes), percent(cameBackOff)],
    holds ? '' : 'missed',
  ];
}
