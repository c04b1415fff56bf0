/** `acma simulate`: a simulated guest under the controller, in virtual time. */
import { setImmediate as breathe } from 'node:timers/promises';
import { exactJson } from '../../base/exact-json.ts';
import { formatShare } from '../../base/units.ts';
import { type PlantFigures, plantFigures } from '../../control/acma/plant-figures.ts';
import { type PlantSecond, plantSeconds } from '../../control/acma/plant-run.ts';
import {
  controlSimulatedGuest,
  type DecisionRecord,
} from '../../control/acma/simulated-control.ts';
import type { AcmaSpec } from '../../host/sim/index.ts';
import { Interruption } from '../interruption.ts';
import { readScenario } from '../scenario-file.ts';
import { standingLine } from './report.ts';

/** The options of `simulate`. */
export interface SimulateOptions {
  readonly every: number;
  readonly json?: true;
}

/** Returns the exit status. */
export async function printSimulation(
  file: string,
  { every, json }: SimulateOptions,
): Promise<number> {
  const scenario = readScenario(file);
  using interruption = new Interruption();
  let last: DecisionRecord | null = null;
  const controller = controlSimulatedGuest(
    scenario,
    () => scenario.acma!,
    (record) => {
      last = record;
    },
  );
  const spec = scenario.acma!;
  const seconds: PlantSecond[] = [];
  for (const second of plantSeconds(scenario, controller)) {
    seconds.push(second);
    if ((seconds.length * 1e6) % every < 1e6) {
      const standing = standingOf(seconds.length, second, last, spec);
      process.stdout.write(`${json ? exactJson(standing) : standingLine(standing)}\n`);
    }
    await breathe();
    if (interruption.signal.aborted) return interruption.exitStatus;
  }
  const figures = plantFigures(seconds, spec);
  const lines = json ? [exactJson({ figures })] : figureLines(figures, seconds.length, spec);
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

function standingOf(
  atS: number,
  { billedBytes, workingSetBytes, pressureShare }: PlantSecond,
  record: DecisionRecord | null,
  { minBytes, maxBytes }: AcmaSpec,
) {
  const { sizeBytes = billedBytes, freeBytes = 0 } = record?.observation ?? {};
  return {
    timeUs: atS * 1e6,
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
