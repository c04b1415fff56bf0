/**
 * Where memory is once `tier run` has worked for a while on a real kernel with three tiers: what
 * its guest tests have seen, by shares. With `--long` the median of three machines.
 */
import { freeAim } from '../../test/guest/tier-machine.ts';
import { medianTable, playRounds, type Round } from '../guest-rounds.ts';
import { type Bench, formatShare, type Report } from '../harness.ts';

/** What one machine has come to; all are shares, 0 to 1. */
interface Placed {
  /** Of the hot memory, all of which was on node 2, by node. */
  readonly hotByNode: readonly number[];
  /** Of the cold memory that was on a node, what is below it. */
  readonly coldLeft0: number;
  readonly coldLeft1: number;
  /** Of a node, the farthest that what is free was from its aim, in the 30 s that aims are held. */
  readonly farthest0: number;
  readonly farthest1: number;
}

/** Read from what the tests have noted. */
function placedIn(round: Round): Placed {
  const placed = round.figures(
    'what is hot has gone up',
    /hot (\d+) (\d+) (\d+), cold (\d+) (\d+) (\d+) and (\d+) (\d+) (\d+)/,
  );
  const [hot, cold0, cold1] = [placed.slice(0, 3), placed.slice(3, 6), placed.slice(6)];
  const spans = round.figures(
    'both aims are held',
    /node 0: ([\d.]+) to ([\d.]+) % free; node 1: ([\d.]+) to ([\d.]+) %/,
  );
  const farthest = (percents: readonly number[]) =>
    Math.max(...percents.map((percent) => Math.abs(percent - freeAim) / 100));
  return {
    hotByNode: hot.map((mebibytes) => mebibytes / sum(hot)),
    coldLeft0: 1 - cold0[0]! / sum(cold0),
    coldLeft1: cold1[2]! / sum(cold1),
    farthest0: farthest(spans.slice(0, 2)),
    farthest1: farthest(spans.slice(2)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

const bench: Bench = {
  about: 'where hot and cold memory is after tier run, on a real kernel with three tiers',

  async run(progress, options): Promise<Report> {
    const played = await playRounds('tier-run', options, progress);
    const rounds = played.map(placedIn);
    const figures: Readonly<Record<string, (round: Placed) => number>> = {
      'hot memory on node 0, of none': ({ hotByNode }) => hotByNode[0]!,
      'hot memory on node 1, of none': ({ hotByNode }) => hotByNode[1]!,
      'hot memory on node 2, of all': ({ hotByNode }) => hotByNode[2]!,
      'cold memory that left node 0': ({ coldLeft0 }) => coldLeft0,
      'cold memory that left node 1': ({ coldLeft1 }) => coldLeft1,
      'farthest from its aim, node 0': ({ farthest0 }) => farthest0,
      'farthest from its aim, node 1': ({ farthest1 }) => farthest1,
    };
    return {
      json: { rounds },
      table: medianTable('share', rounds, figures, formatShare),
      notes: [
        'An emulated processor; 3 MiB a second. Hot memory is 48 MiB of the machine, and the aims',
        'leave room for little more than that above the slowest node.',
      ],
    };
  },
};
export default bench;
