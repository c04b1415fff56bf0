/** Predicted against actual savings and refaults, on simulated workloads. */
import { formatBytes, formatShare } from '../../src/base/units.ts';
import type { Bench } from '../harness.ts';
import { actual, type Consequences, meanOf, predicted, predictedByPages } from './compare.ts';
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

/** A prediction, and how far it is from what was. */
function judged(said: Consequences, was: Consequences) {
  const savedOff = offBy(said.savedBytes, was.savedBytes, was.savedBytes);
  const refaultsOff = offBy(said.refaultedBytes, was.refaultedBytes, was.savedBytes);
  const holds = Math.abs(savedOff) <= savedWithin && Math.abs(refaultsOff) <= refaultsWithin;
  return { said, savedOff, refaultsOff, holds };
}

const bench: Bench = {
  about: 'what replays predict, beside what running the policy does on simulated machines',
  async run(progress) {
    const rows = trials().map((trial) => {
      progress(`whatif-truth: ${trial.name}`);
      const params = paramsOf(trial);
      const mean = (run: typeof actual): Consequences =>
        meanOf(seeds.map((seed) => run(trial.scenario, params, seed)));
      const was = mean(actual);
      return {
        ...{ workload: trial.name, coldAge: trial.coldAge, was },
        byRegions: judged(mean(predicted), was),
        byPages: judged(mean(predictedByPages), was),
      };
    });
    const size = (bytes: number) => formatBytes(Math.round(bytes));
    const percent = (off: number) => `${off < 0 ? '-' : '+'}${formatShare(Math.abs(off))}`;
    const held = (by: 'byRegions' | 'byPages') => rows.filter((row) => row[by].holds).length;
    const cells = ({ savedOff, refaultsOff, holds }: ReturnType<typeof judged>) => [
      ...[percent(savedOff), percent(refaultsOff), holds ? '' : 'missed'],
    ];
    return {
      json: { rows },
      table: [
        [
          ...['workload', 'cold', 'saved', 'came back'],
          ...['regions: saved', 'came back', '', 'pages: saved', 'came back', ''],
        ],
        ...rows.map(({ workload, coldAge, was, byRegions, byPages }) => [
          ...[workload, coldAge, size(was.savedBytes), size(was.refaultedBytes)],
          ...[...cells(byRegions), ...cells(byPages)],
        ]),
      ],
      notes: [
        `Within ${formatShare(savedWithin)} of the savings and ${formatShare(refaultsWithin)} of what came back:`,
        `${held('byRegions')} of ${rows.length} by regions, ${held('byPages')} where each page was looked at once a second.`,
        `Means of ${seeds.length} runs each. What came back is 0 off where both are below 2 % of what is saved.`,
      ],
    };
  },
};

export default bench;
