/** What auto-scaling saves on twenty guests of one host, and what Senpai's law does. */
import { formatBytes } from '../../../src/base/units.ts';
import { type Bench, formatShare } from '../../harness.ts';
import { runJobs } from '../../workers.ts';
import { readFleet } from './fleet.ts';
import type { FleetFigures, Setting } from './run-fleet.ts';

/**
 * The maximum all the time; ours, as it comes and told to accept more; Senpai's law, from one that
 * hardly takes anything to one that accepts ten times as much as published.
 */
const SETTINGS: readonly Setting[] = [
  { law: 'fixed', acceptedShare: 0.001 },
  ...[0.001, 0.003, 0.01].map((acceptedShare) => ({ law: 'thermocline', acceptedShare }) as const),
  ...(
    [
      [0.0003, 0.0001],
      [0.0003, 0.001],
      [0.001, 0.001],
      [0.001, 0.003],
      [0.0003, 0.01],
      [0.001, 0.01],
      [0.003, 0.01],
      [0.01, 0.01],
    ] as const
  ).map(([acceptedShare, maxProbe]) => ({ law: 'senpai', acceptedShare, maxProbe }) as const),
];

interface Row extends Setting, FleetFigures {
  /** Of the GiB hours of the fixed maximum. */
  readonly savedShare: number;
}

const bench: Bench = {
  about: 'twenty mixed guests under one budget, at a fixed maximum, under Senpai’s law and ours',
  async run(progress) {
    const results = await runJobs<Setting, FleetFigures>(
      new URL('./worker.ts', import.meta.url),
      SETTINGS,
      (done) => progress(`acma-fleet: ${done} of ${SETTINGS.length} runs`),
    );
    const fixedHours = results[0]!.gibHours;
    const rows = SETTINGS.map((setting, index): Row => {
      const figures = results[index]!;
      return { ...setting, ...figures, savedShare: 1 - figures.gibHours / fixedHours };
    });
    const equal = atEqualPressure(rows);
    const { budgetBytes, guests } = readFleet();
    return {
      json: { nrGuests: guests.length, budgetBytes, rows, equal },
      table: [
        ['law', 'accepts', 'takes', 'GiB hours', 'saved', 'pressure', 'over limit', 'most at once'],
        ...rows.map(cells),
      ],
      notes: [
        `${guests.length} guests; all together may have ${formatBytes(budgetBytes)} at a time, but at the fixed maximum.`,
        'Takes: at most in six seconds. Pressure: growth of `some total` over the time of all guests.',
        'Over limit: share of seconds in which more than 0.1 % was lost. The first minute does not count.',
        `At equal pressure, ${thousandths(equal.pressureShare)}: ours saves ${formatShare(equal.savedShare)}, ` +
          `Senpai's law ${formatShare(equal.senpaiSavedShare)}.`,
      ],
    };
  },
};

export default bench;

function cells(row: Row): string[] {
  return [
    row.law,
    row.law === 'fixed' ? '-' : formatShare(row.acceptedShare),
    row.maxProbe === undefined ? '-' : formatShare(row.maxProbe),
    row.gibHours.toFixed(2),
    formatShare(row.savedShare),
    thousandths(row.pressureShare),
    formatShare(row.overLimitShare),
    formatBytes(row.peakBytes),
  ];
}

/** Of a percent, since so little is lost. */
function thousandths(share: number): string {
  return `${(share * 100).toFixed(3)} %`;
}

/**
 * The pressure of ours as it comes; where no setting of the rival's is as gentle, that of the
 * gentlest, up to which ours is told to accept more.
 */
function atEqualPressure(rows: readonly Row[]) {
  const ours = rows.filter(({ law }) => law === 'thermocline');
  const rivals = rows.filter(({ law }) => law === 'senpai');
  const gentlest = Math.min(...rivals.map(({ pressureShare }) => pressureShare));
  const pressureShare = Math.max(ours[0]!.pressureShare, gentlest);
  return {
    pressureShare,
    savedShare: savedAt(ours, pressureShare),
    senpaiSavedShare: savedAt(rivals, pressureShare),
  };
}

/** The most that is saved at this pressure or less, settings in between interpolated. */
function savedAt(rows: readonly Row[], pressureShare: number): number {
  const gentler = rows.filter((row) => row.pressureShare <= pressureShare);
  const eagerer = rows.filter((row) => row.pressureShare > pressureShare);
  const between = gentler.flatMap((from) =>
    eagerer.map((to) => {
      const part = (pressureShare - from.pressureShare) / (to.pressureShare - from.pressureShare);
      return from.savedShare + part * (to.savedShare - from.savedShare);
    }),
  );
  return Math.max(...gentler.map(({ savedShare }) => savedShare), ...between);
}
