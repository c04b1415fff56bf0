/**
 * The core beside a C program that does the same work on linked lists (`core.c`), in turns.
 *
 * A tick: draw a sampling address for each region, check it, count. An aggregation: merge, minimum
 * number of regions, reset, split; hot and cold blocks take turns, so that each split triples the
 * number of regions and the next merge brings it back. `regions` counts them after the merge.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Kdamond } from '../src/core/kdamond.ts';
import { blockPatternKdamond, samplesPerAggregation } from './block-pattern.ts';
import { type Bench, formatFigure, median, type Report } from './harness.ts';

const sizes = [1000, 10_000, 100_000];
const rounds = 7;
/** Work of one round: regions times ticks, and regions times aggregations. */
const tickWork = 4_000_000;
const aggregationWork = 200_000;

interface Row {
  readonly regions: number;
  readonly tickNsPerRegion: number;
  readonly aggregationNsPerRegion: number;
  readonly cTickNsPerRegion: number;
  readonly cAggregationNsPerRegion: number;
}

type Mode = 'tick' | 'aggregation';
type Measure = (mode: Mode, regions: number, repeats: number) => number;

/** Compiles the C program into a folder of its own, for as long as `body` runs. */
function withCProgram<T>(body: (measure: Measure) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'thermocline-bench-'));
  try {
    const program = path.join(folder, 'core');
    const source = path.join(import.meta.dirname, 'core.c');
    const compiled = spawnSync('cc', ['-O2', '-o', program, source], { encoding: 'utf8' });
    if (compiled.status !== 0) {
      const why = compiled.error?.message ?? compiled.stderr;
      throw new Error(
        `The bench "core" needs a C compiler as "cc" (Debian: gcc and libc6-dev): ${why}`,
      );
    }
    return body((mode, regions, repeats) => {
      const args = [mode, String(regions), String(repeats)];
      const run = spawnSync(program, args, { encoding: 'utf8' });
      if (run.status !== 0) throw new Error(`core.c failed: ${run.error?.message ?? run.stderr}`);
      return Number(run.stdout.split(' ')[0]);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Nanoseconds that `steps` steps take. A step is one tick: it checks, then prepares the next. */
function timeSteps(kdamond: Kdamond, steps: number): number {
  const begin = process.hrtime.bigint();
  for (let step = 0; step < steps; step++) kdamond.step();
  return Number(process.hrtime.bigint() - begin);
}

/** Ticks of regions that stay as they are: their number is the maximum, and no window ends. */
function measureTicks(regions: number, repeats: number): number {
  const kdamond = blockPatternKdamond(regions, {
    maxNrRegions: regions,
    aggregationIntervalUs: Number.MAX_SAFE_INTEGER,
  });
  timeSteps(kdamond, 2);
  return timeSteps(kdamond, repeats) / repeats / regions;
}

/** What the tick that ends a window costs beyond the ticks before it. */
function measureAggregations(regions: number, repeats: number): number {
  const kdamond = blockPatternKdamond(regions, { maxNrRegions: 4 * regions });
  // The first split halves, as it has seen no other; the second triples, and so do all after it.
  timeSteps(kdamond, 1 + 2 * samplesPerAggregation);
  let extraNs = 0;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const samplingNs = timeSteps(kdamond, samplesPerAggregation - 1);
    extraNs += timeSteps(kdamond, 1) - samplingNs / (samplesPerAggregation - 1);
    expectRegions(kdamond, 3 * regions);
  }
  return extraNs / repeats / regions;
}

/** A bench of something else than it says would be worse than none. */
function expectRegions(kdamond: Kdamond, expected: number): void {
  const { nr } = kdamond.targets[0]!.regions;
  if (nr !== expected) throw new Error(`bug: ${nr} regions after a split instead of ${expected}`);
}

function measureRow(regions: number, measureC: Measure): Row {
  const figures = { tick: [], cTick: [], aggregation: [], cAggregation: [] } as Record<
    'tick' | 'cTick' | 'aggregation' | 'cAggregation',
    number[]
  >;
  const ticks = tickWork / regions;
  const aggregations = aggregationWork / regions;
  // The first round only warms up.
  for (let round = 0; round <= rounds; round++) {
    const tick = measureTicks(regions, ticks);
    const cTick = measureC('tick', regions, ticks);
    const aggregation = measureAggregations(regions, aggregations);
    const cAggregation = measureC('aggregation', regions, aggregations);
    if (round === 0) continue;
    figures.tick.push(tick);
    figures.cTick.push(cTick);
    figures.aggregation.push(aggregation);
    figures.cAggregation.push(cAggregation);
  }
  const figure = (values: readonly number[]) => Number(median(values).toFixed(2));
  return {
    regions,
    tickNsPerRegion: figure(figures.tick),
    aggregationNsPerRegion: figure(figures.aggregation),
    cTickNsPerRegion: figure(figures.cTick),
    cAggregationNsPerRegion: figure(figures.cAggregation),
  };
}

function toReport(rows: readonly Row[]): Report {
  const ratio = (ours: number, c: number) => `${formatFigure(ours / c)}x`;
  const cells = rows.map((row) => [
    String(row.regions),
    formatFigure(row.tickNsPerRegion),
    formatFigure(row.cTickNsPerRegion),
    ratio(row.tickNsPerRegion, row.cTickNsPerRegion),
    formatFigure(row.aggregationNsPerRegion),
    formatFigure(row.cAggregationNsPerRegion),
    ratio(row.aggregationNsPerRegion, row.cAggregationNsPerRegion),
  ]);
  return {
    json: { rows },
    table: [['regions', 'tick ns', 'in C', 'ratio', 'aggregation ns', 'in C', 'ratio'], ...cells],
    notes: [
      `Nanoseconds for each region; medians of ${rounds} rounds in turns with bench/core.c.`,
      'The C program keeps only the work on regions; what it leaves out stands at its head.',
    ],
  };
}

const bench: Bench = {
  about: 'sampling ticks and aggregations, beside a C program on linked lists',
  async run(progress) {
    const rows = withCProgram((measureC) =>
      sizes.map((regions) => {
        progress(`core: ${regions} regions`);
        return measureRow(regions, measureC);
      }),
    );
    return toReport(rows);
  },
};

export default bench;
