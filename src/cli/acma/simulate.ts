/** `acma simulate`: a simulated guest under the controller, in virtual time. */
import { exactJson } from '../../base/exact-json.ts';
import { formatShare } from '../../base/units.ts';
import { type PlantFigures, plantFigures } from '../../control/acma/plant-figures.ts';
import type { PlantSecond } from '../../control/acma/plant-run.ts';
import {
  controlSimulatedGuest,
  type DecisionRecord,
} from '../../control/acma/simulated-control.ts';
import type { AcmaSpec } from '../../host/sim/index.ts';
import { readScenario } from '../scenario-file.ts';
import { type PlayOptions, playPlant } from './play-plant.ts';
import { standingLine } from './report.ts';

/** Returns the exit status. */
export async function printSimulation(file: string, options: PlayOptions): Promise<number> {
  const scenario = readScenario(file);
  const spec = scenario.acma!;
  let last: DecisionRecord | null = null;
  const controller = controlSimulatedGuest(
    scenario,
    () => spec,
    (record) => {
      last = record;
    },
  );
  const look = (second: PlantSecond, timeUs: number) => standingOf(timeUs, second, last, spec);
  const played = await playPlant(scenario, controller, options, look, (row) => standingLine(row));
  const { seconds, exitStatus } = played;
  if (exitStatus !== null) return exitStatus;
  const figures = plantFigures(seconds, spec);
  const lines = options.json
    ? [exactJson({ figures })]
    : figureLines(figures, seconds.length, spec);
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

function standingOf(
  timeUs: number,
  { billedBytes, workingSetBytes, pressureShare }: PlantSecond,
  record: DecisionRecord | null,
  { minBytes, maxBytes }: AcmaSpec,
) {
  const { sizeBytes = billedBytes, freeBytes = 0 } = record?.observation ?? {};
  return {
    timeUs,
    sizeBytes: billedBytes,
    ...{ minBytes, maxBytes, workingSetBytes, pressureShare },
    usedBytes: sizeBytes - freeBytes,
    why: record?.decision.why ?? 'It has not been looked at yet.',
  };
}

function figureLines(figures: PlantFigures, nrSeconds: number, { maxBytes }: AcmaSpec): string[] {
  const { recoverySeconds, overLimitShare, settledOverheadShare, pingPongShare, gibHours } =
    figures;
  const fixed = ((maxBytes / 2 ** 30) * nrSeconds) / 3600;
  return [
    `size        ${gibHours.toFixed(2)} GiB hours; the maximum all the time would be ${fixed.toFixed(2)}`,
    `pressure    over the limit in ${formatShare(overLimitShare)} of all seconds, ${recoverySeconds} s at a time at most`,
    `overhead    ${settledOverheadShare === null ? 'the working set never settles' : formatShare(settledOverheadShare)}`,
    `ping-pong   ${formatShare(pingPongShare)} of all that was moved came back within a minute`,
  ];
}
