/** Predicted against actual savings and refaults, on simulated workloads. */
import { formatBytes, formatShare } from '../../src/base/units.ts';
import type { Bench } from '../harness.ts';
import { actual, type Consequences, meanOf, predicted } from './compare.ts';
import { paramsOf, trials } from './workloads.ts';

const seeds = [1, 2, 3];
const savedWithin = 0.1;
const refaultsWithin = 0.25;
/** Less is neither here nor there: a share of what is saved. */
const negligible = 0.02;

/** How far off a prediction is; 0 where both are next to nothing. */
function offBy(said: number, was: number, scale: number): number {
  if (Math.max(said, was) <= scale * negligible) return 0;
  return was === 0 ? 1 : said / was - 1;
}

const bench: Bench = {
  about: 'what replays predict, beside what running the policy does on simulated machines',
  async run(progress) {
    const rows = trials().map((trial) => {
      progress(`whatif-truth: ${trial.name}`);
      const params = paramsOf(trial);
      const mean = (run: typeof actual): Consequences =>
        meanOf(seeds.map((seed) => run(trial.scenario, params, seed)));
      const said = mean(predicted);
      const was = mean(actual);
      const savedOff = offBy(said.savedBytes, was.savedBytes, was.savedBytes);
      const refaultsOff = offBy(said.refaultedBytes, was.refaultedBytes, was.savedBytes);
      const holds = Math.abs(savedOff) <= savedWithin && Math.abs(refaultsOff) <= refaultsWithin;
      return {
        workload: trial.name,
        coldAge: trial.coldAge,
        said,
        was,
        savedOff,
        refaultsOff,
        holds,
      };
    });
    const held = rows.filter(({ holds }) => holds).length;
    const percent = (off: number) => `${off < 0 ? '-' : '+'}${formatShare(Math.abs(off))}`;
    return {
      json: { rows },
      table: [
        ['workload', 'cold', 'saved: said', 'was', 'off', 'came back: said', 'was', 'off', ''],
        ...rows.map((row) => [
          ...[row.workload, row.coldAge],
          ...[
            formatBytes(Math.round(row.said.savedBytes)),
            formatBytes(Math.round(row.was.savedBytes)),
          ],
          percent(row.savedOff),
          formatBytes(Math.round(row.said.refaultedBytes)),
          ...[
            formatBytes(row.was.refaultedBytes),
            percent(row.refaultsOff),
            row.holds ? '' : 'missed',
          ],
        ]),
      ],
      notes: [
        `${held} of ${rows.length} within ${formatShare(savedWithin)} of the savings and ${formatShare(refaultsWithin)} of what came back.`,
        `Means of ${seeds.length} runs each. What came back is 0 off where both are below 2 % of what is saved.`,
      ],
    };
  },
};

export default bench;
