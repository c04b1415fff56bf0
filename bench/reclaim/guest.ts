/**
 * An aim held on a real kernel: what the guest tests of `reclaim run --aim` have seen beside a
 * server whose load doubles for a while. With `--long` the median of three machines.
 */
import { medianTable, playRounds, type Round } from '../guest-rounds.ts';
import { type Bench, formatFigure, type Report } from '../harness.ts';

/** What one machine has come to; memory in MiB. */
interface Held {
  /** Of the idle memory: while the aim was met, while twice the load had it missed, after it. */
  readonly left: number;
  readonly leftMissed: number;
  readonly leftAfter: number;
  /** Shares of the aim, and MiB that may leave: the window before it was missed, and two more. */
  readonly scores: readonly number[];
  readonly quotas: readonly number[];
  /** Windows until it was met again. */
  readonly backAfter: number;
  /** Shares of the windows in which it was met, before and after. */
  readonly metShare: number;
  readonly metShareAfter: number;
}

const number = '([\\d.]+)';

/** Read from what the tests have noted. */
function heldIn(round: Round): Held {
  const [first, second, third] = ['what is idle leaves', 'twice the load', 'it goes on'] as const;
  const [left, met, windows] = round.figures(
    first,
    new RegExp(`^${number} of .* aim met in ${number} of ${number} windows`),
  );
  const pair = `${number} ${number}`;
  const steps = round.figures(second, new RegExp(`in a window: ${pair}, ${pair}, ${pair}`));
  const [leftMissed] = round.figures(second, new RegExp(`; ${number} of \\d+ MiB idle`));
  const [leftAfter, backAfter, metAfter, windowsAfter] = round.figures(
    third,
    new RegExp(`^${number} of .* after ${number} windows, and in ${number} of ${number}`),
  );
  return {
    ...{ left: left!, leftMissed: leftMissed!, leftAfter: leftAfter!, backAfter: backAfter! },
    scores: steps.filter((_, index) => index % 2 === 0),
    quotas: steps.filter((_, index) => index % 2 === 1),
    metShare: met! / windows!,
    metShareAfter: metAfter! / windowsAfter!,
  };
}

const bench: Bench = {
  about: 'reclaim run --aim beside a server whose load doubles, on a real kernel',

  async run(progress, options): Promise<Report> {
    const played = await playRounds('reclaim-aim', options, progress);
    const rounds = played.map(heldIn);
    const figures: Readonly<Record<string, (round: Held) => number>> = {
      'MiB of 8 that left while the aim was met': ({ left }) => left,
      '% of windows in which it was': ({ metShare }) => 100 * metShare,
      'MiB a window before the load doubled': ({ quotas }) => quotas[0]!,
      'p99 of the aim, first window that missed it': ({ scores }) => scores[1]!,
      'MiB in that window': ({ quotas }) => quotas[1]!,
      'MiB in the next': ({ quotas }) => quotas[2]!,
      'MiB of 8 that left while it was missed': ({ leftMissed }) => leftMissed,
      'windows until it was met again': ({ backAfter }) => backAfter,
      'MiB of the same 8 that left then': ({ leftAfter }) => leftAfter,
      '% of windows in which it was met then': ({ metShareAfter }) => 100 * metShareAfter,
    };
    return {
      json: { rounds },
      table: medianTable('figure', rounds, figures, formatFigure),
      notes: [
        'An emulated processor; windows of two seconds. The server answers ten requests a second at',
        'most; 6.7 come, and then 13. A test ends when a quarter of what is idle has left.',
      ],
    };
  },
};
export default bench;
