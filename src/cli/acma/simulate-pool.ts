/** `acma pool simulate`: a simulated machine with a pool, and the same one without. */
import { ThermoclineError } from '../../base/errors.ts';
import { exactJson } from '../../base/exact-json.ts';
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import { plantFigures } from '../../control/acma/plant-figures.ts';
import { type PlantSecond, runPlant } from '../../control/acma/plant-run.ts';
import { type ServedDemand, SimulatedPool } from '../../control/acma/simulated-pool.ts';
import type { Scenario } from '../../host/sim/index.ts';
import { BLOCK_BYTES } from '../../policies/acma/observation.ts';
import { readScenario } from '../scenario-file.ts';
import { type PlayOptions, playPlant } from './play-plant.ts';

/** Returns the exit status. */
export async function printPoolSimulation(file: string, options: PlayOptions): Promise<number> {
  const scenario = readScenario(file);
  const targetBytes = targetOf(scenario, file);
  const pool = poolOn(scenario, targetBytes);
  let nrReadySeconds = 0;
  const look = ({ pressureShare }: PlantSecond, timeUs: number) => {
    const { observation, decision } = pool.latest!;
    const readyBytes = observation.nrReady * BLOCK_BYTES;
    if (readyBytes >= targetBytes) nrReadySeconds += 1;
    const lentBytes = observation.nrLent * BLOCK_BYTES;
    return { timeUs, readyBytes, lentBytes, targetBytes, pressureShare, why: decision.why };
  };
  const { seconds, exitStatus } = await playPlant(scenario, pool, options, look, line);
  if (exitStatus !== null) return exitStatus;
  const without = poolOn(scenario, 0);
  runPlant(scenario, without);
  const figures = {
    readyShare: nrReadySeconds / seconds.length,
    overLimitShare: plantFigures(seconds, scenario.acma!).overLimitShare,
    atOnceShare: atOnceShare(pool.served),
    withoutPoolAtOnceShare: atOnceShare(without.served),
  };
  process.stdout.write(`${options.json ? exactJson({ figures }) : figureLines(figures)}\n`);
  return 0;
}

function poolOn(scenario: Scenario, targetBytes: number): SimulatedPool {
  const { pressureShare } = scenario.acma!;
  return new SimulatedPool(scenario, { targetBytes, pressureShare, tryEveryMs: 0 });
}

function targetOf({ acma }: Scenario, file: string): number {
  const pool = acma?.pool ?? null;
  if (pool !== null) return pool.targetBytes;
  throw new ThermoclineError(
    'TC_INVALID',
    `${file} has no "pool" in its "acma" part, which says what is to be ready; add one.`,
  );
}

/** Of all that was asked for, what was there; null where nothing was asked for. */
function atOnceShare(served: readonly ServedDemand[]): number | null {
  const asked = served.reduce((sum, { nrAsked }) => sum + nrAsked, 0);
  const atOnce = served.reduce((sum, { nrAtOnce }) => sum + nrAtOnce, 0);
  return asked === 0 ? null : atOnce / asked;
}

function line(row: {
  readonly timeUs: number;
  readonly readyBytes: number;
  readonly lentBytes: number;
  readonly targetBytes: number;
  readonly pressureShare: number;
  readonly why: string;
}): string {
  return (
    `${formatDuration(row.timeUs).padStart(8)}  ${formatBytes(row.readyBytes)} ready of ` +
    `${formatBytes(row.targetBytes)}, ${formatBytes(row.lentBytes)} lent, ` +
    `pressure ${formatShare(row.pressureShare)}; ${row.why}`
  );
}

function figureLines(figures: {
  readonly readyShare: number;
  readonly overLimitShare: number;
  readonly atOnceShare: number | null;
  readonly withoutPoolAtOnceShare: number | null;
}): string {
  const share = (value: number | null) => (value === null ? 'nothing' : formatShare(value));
  return [
    `ready       in ${formatShare(figures.readyShare)} of all seconds`,
    `demands     ${share(figures.atOnceShare)} of what was asked for was there at once; without the pool, ` +
      share(figures.withoutPoolAtOnceShare),
    `pressure    over the limit in ${formatShare(figures.overLimitShare)} of all seconds`,
  ].join('\n');
}
