/** `acma power`: which memory could be powered down. Takes nothing offline. */
import type { Command } from 'commander';
import { exactJson } from '../../base/exact-json.ts';
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import { plantFigures } from '../../control/acma/plant-figures.ts';
import type { PlantSecond } from '../../control/acma/plant-run.ts';
import {
  controlSimulatedGuest,
  type DecisionRecord,
} from '../../control/acma/simulated-control.ts';
import { readMemoryBlocks, readZoneUse } from '../../host/linux/memory-blocks.ts';
import { type BankState, banksOf, stepBanks } from '../../policies/acma/banks.ts';
import { WINDOW_BYTES } from '../../policies/acma/observation.ts';
import { blocksThatCouldGo, type ZoneBlocks } from '../../policies/acma/offline-blocks.ts';
import type { stepAcma } from '../../policies/acma/step.ts';
import { rootsOf } from '../roots.ts';
import { readScenario } from '../scenario-file.ts';
import { type PlayOptions, playPlant } from './play-plant.ts';

/** The report on this machine: the whole output. */
export function printPower(json: boolean, command: Command): string {
  const roots = rootsOf(command);
  const { blockBytes, blocks } = readMemoryBlocks(roots);
  const zones = blocksThatCouldGo({ blockBytes, blocks, zones: readZoneUse(roots) });
  if (json) return `${JSON.stringify({ blockBytes, zones }, null, 2)}\n`;
  const nrCouldGo = zones.reduce((sum, { couldGo }) => sum + couldGo.length, 0);
  return [
    `${blocks.length} memory blocks of ${formatBytes(blockBytes)}; ${nrCouldGo} could go ` +
      `(${formatBytes(nrCouldGo * blockBytes)}). Nothing was taken offline.`,
    ...zones.map((zone) => zoneLine(zone, blockBytes)),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function zoneLine(zone: ZoneBlocks, blockBytes: number): string {
  const { nid, nrBlocks, nrOffline, couldGo, movedBytes, why } = zone;
  const offline = nrOffline === 0 ? '' : `, ${nrOffline} offline already`;
  const moved = couldGo.length === 0 ? '' : `, at most ${formatBytes(movedBytes)} would be moved`;
  return (
    `node ${nid}, zone ${zone.zone}: ${nrBlocks} blocks${offline}; ${couldGo.length} could go ` +
    `(${formatBytes(couldGo.length * blockBytes)})${moved}. ${why}`
  );
}

/** Options of `power simulate`. */
export interface SimulatePowerOptions extends PlayOptions {
  readonly bank: number;
}

/** Returns the exit status. */
export async function printPowerSimulation(
  file: string,
  options: SimulatePowerOptions,
): Promise<number> {
  const scenario = readScenario(file);
  const nrWindows = Math.max(1, Math.round(options.bank / WINDOW_BYTES));
  const bankBytes = nrWindows * WINDOW_BYTES;
  let banks: readonly BankState[] = [];
  let why = 'It has not been looked at yet.';
  const decided = ({ observation, decision }: DecisionRecord) => {
    banks = banksOf(observation.windows, nrWindows);
    why = decision.why;
  };
  const step: typeof stepAcma = (observation, state, knobs) =>
    stepBanks(observation, state, knobs, bankBytes);
  const controller = controlSimulatedGuest(scenario, () => scenario.acma!, decided, {}, step);
  let bankSeconds = 0;
  const look = ({ pressureShare }: PlantSecond, timeUs: number) => {
    const fit = banks.filter(({ isFit }) => isFit).map((one) => one.bank);
    bankSeconds += fit.length;
    return { timeUs, banks, fit, pressureShare, why };
  };
  const line = (row: ReturnType<typeof look>) =>
    `${formatDuration(row.timeUs).padStart(8)}  ${row.banks.map(mark).join('')}  ${row.why}`;
  const { seconds, exitStatus } = await playPlant(scenario, controller, options, look, line);
  if (exitStatus !== null) return exitStatus;
  const fitShare = bankSeconds / Math.max(1, banks.length * seconds.length);
  const { overLimitShare } = plantFigures(seconds, scenario.acma!);
  const figures = { bankBytes, nrBanks: banks.length, fitShare, overLimitShare };
  process.stdout.write(`${options.json ? exactJson({ figures }) : figureLines(figures)}\n`);
  return 0;
}

function figureLines(figures: {
  readonly bankBytes: number;
  readonly nrBanks: number;
  readonly fitShare: number;
  readonly overLimitShare: number;
}): string {
  const { bankBytes, nrBanks, fitShare, overLimitShare } = figures;
  return (
    `banks       ${nrBanks} of ${formatBytes(bankBytes)}, on average ${formatShare(fitShare)} of them fit to be powered down\n` +
    `pressure    over the limit in ${formatShare(overLimitShare)} of all seconds`
  );
}

/** `.` fit to be powered down, `-` partly empty, `x` with a block that can't be, `#` in use. */
function mark({ isFit, nrTaken, nrFailed }: BankState): string {
  if (isFit) return '.';
  if (nrFailed > 0) return 'x';
  return nrTaken > 0 ? '-' : '#';
}
