/**
 * What each knob of tiering trades: one is turned over its range while the others are as preset, on
 * a few patterns that differ in what they want. Writes a picture of each for docs/tiering.md.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatBytes, formatShare } from '../../src/base/units.ts';
import { TIER_KNOBS, TIER_PRESETS, type TierKnobs } from '../../src/policies/tier.ts';
import type { Bench } from '../harness.ts';
import { type Job, runTieringJobs } from './jobs.ts';
import { knobChart } from './knob-chart.ts';
import { patternsOf } from './patterns.ts';

/** One knob at one value on one pattern. */
export interface KnobRow {
  readonly knob: keyof TierKnobs;
  readonly value: number;
  readonly pattern: string;
  /** Throughput as a share of the best placement's. */
  readonly ofOracleShare: number;
  readonly migratedBytesPerSecond: number;
  readonly pingPongShare: number;
}

const VALUES: Readonly<Record<keyof TierKnobs, readonly number[]>> = {
  freeShare: [0.015, 0.06, 0.15, 0.3, 0.5],
  useShare: [0.9, 0.98, 0.985, 0.99, 0.999],
  bytesPerSecond: [10, 50, 100, 400, 1600].map((mib) => mib * 2 ** 20),
};
const KNOBS = Object.keys(VALUES) as (keyof TierKnobs)[];

/** Of the suite: what stays, what moves, and what is warm all over. And what comes and goes. */
const PATTERN_FILES = [
  'patterns/hot10-static.yaml',
  'patterns/gups-move.yaml',
  'patterns/zipf-0.99-sorted.yaml',
  'knobs/bursts.yaml',
];
const images = path.join(import.meta.dirname, '../../docs/images');

const bench: Bench = {
  about: 'what each knob of tiering trades, on simulated machines',
  async run(progress) {
    const patterns = PATTERN_FILES.flatMap((file) =>
      patternsOf(path.join(import.meta.dirname, file)),
    );
    const best = await bestThroughputs(patterns, progress);
    const runs = patterns.flatMap(({ name, scenario }) =>
      KNOBS.flatMap((knob) =>
        VALUES[knob].map((value) => ({
          ...{ knob, value, pattern: name, seconds: scenario.durationUs / 1e6 },
          job: {
            name: `${name}: ${knob} ${formatKnob(knob, value)}`,
            ...{ scenario, kind: 'thermocline', knobs: { ...TIER_PRESETS, [knob]: value } },
          } satisfies Job,
        })),
      ),
    );
    const results = await runTieringJobs(
      runs.map(({ job }) => job),
      progress,
    );
    const rows = runs.map(({ knob, value, pattern, seconds }, index): KnobRow => {
      const { throughput, migratedBytes, pingPongShare } = results[index]![0]!;
      return {
        ...{ knob, value, pattern, pingPongShare },
        ofOracleShare: throughput / best.get(pattern)!,
        migratedBytesPerSecond: migratedBytes / seconds,
      };
    });
    return {
      json: { rows },
      table: [
        ['pattern', 'knob', 'value', 'of oracle', 'moved a second', 'in vain'],
        ...rows.map((row) => [
          row.pattern,
          TIER_KNOBS[row.knob].flag,
          formatKnob(row.knob, row.value),
          formatShare(row.ofOracleShare),
          formatBytes(row.migratedBytesPerSecond),
          formatShare(row.pingPongShare),
        ]),
      ],
      notes: KNOBS.map((knob) => writeChart(knob, rows)),
    };
  },
};

export default bench;

async function bestThroughputs(
  patterns: ReturnType<typeof patternsOf>,
  progress: (line: string) => void,
): Promise<Map<string, number>> {
  const jobs = patterns.map(({ name, scenario }): Job => ({ name, scenario, kind: 'none' }));
  const results = await runTieringJobs(jobs, progress);
  return new Map(
    patterns.map(({ name }, index) => {
      const oracle = results[index]!.find(({ policy }) => policy === 'oracle')!;
      return [name, oracle.throughput];
    }),
  );
}

function writeChart(knob: keyof TierKnobs, rows: readonly KnobRow[]): string {
  const { flag } = TIER_KNOBS[knob];
  const file = path.join(images, `tiering-${flag}.svg`);
  mkdirSync(images, { recursive: true });
  const own = rows.filter((row) => row.knob === knob);
  writeFileSync(
    file,
    knobChart({
      title: `--${flag}`,
      rows: own,
      values: VALUES[knob].map((value) => formatKnob(knob, value)),
      presetIndex: VALUES[knob].indexOf(TIER_PRESETS[knob]),
    }),
  );
  return `Picture: ${path.relative(process.cwd(), file)}`;
}

function formatKnob(knob: keyof TierKnobs, value: number): string {
  return knob === 'bytesPerSecond' ? formatBytes(value) : formatShare(value);
}
