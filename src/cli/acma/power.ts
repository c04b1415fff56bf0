/** `acma power`: which memory could be powered down. Takes nothing offline. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Command } from 'commander';
import { exactJson } from '../../base/exact-json.ts';
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import { plantFigures } from '../../control/acma/plant-figures.ts';
import { type PlantSecond, plantSeconds } from '../../control/acma/plant-run.ts';
import {
  controlSimulatedGuest,
  type DecisionRecord,
} from '../../control/acma/simulated-control.ts';
import { readMemoryBlocks, readZoneUse } from '../../host/linux/memory-blocks.ts';
import { type BankState, banksOf, stepBanks } from '../../policies/acma/banks.ts';
import { WINDOW_BYTES } from '../../policies/acma/observation.ts';
import { blocksThatCouldGo, type ZoneBlocks } from '../../policies/acma/offline-blocks.ts';
import type { stepAcma } from '../../policies/acma/step.ts';
import { Interruption } from '../interruption.ts';
import { rootsOf } from '../roots.ts';
import { readScenario } from '../scenario-file.ts';
import type { SimulateOptions } from './simulate.ts';

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
export interface SimulatePowerOptions extends SimulateOptions {
  readonly bank: number;
}

/** Returns the exit status. */
export async function printPowerSimulation(
  file: string,
  { every, json, bank }: SimulatePowerOptions,
): Promise<number> {
  const scenario = readScenario(file);
  const nrWindows = Math.max(1, Math.round(bank / WINDOW_BYTES));
  const bankBytes = nrWindows * WINDOW_BYTES;
  using interruption = new Interruption();
  let banks: readonly BankState[] = [];
  let why = 'It has not been looked at yet.';
  const decided = ({ observation, decision }: DecisionRecord) => {
    banks = banksOf(observation.windows, nrWindows);
    why = decision.why;
  };
  const step: typeof stepAcma = (observation, state, knobs) =>
    stepBanks(observation, state, knobs, bankBytes);
  const controller = controlSimulatedGuest(scenario, () => scenario.acma!, decided, {}, step);
  const seconds: PlantSecond[] = [];
  let bankSeconds = 0;
  for (const second of plantSeconds(scenario, controller)) {
    seconds.push(second);
    const fit = banks.filter(({ isFit }) => isFit).map((one) => one.bank);
    bankSeconds += fit.length;
    const timeUs = seconds.length * 1e6;
    if (timeUs % every < 1e6) {
      const { pressureShare } = second;
      const line = json
        ? exactJson({ timeUs, banks, fit, pressureShare, why })
        : `${formatDuration(timeUs).padStart(8)}  ${banks.map(mark).join('')}  ${why}`;
      process.stdout.write(`${line}\n`);
    }
    await breathe();
    if (interruption.signal.aborted) return interruption.exitStatus;
  }
  const fitShare = bankSeconds / Math.max(1, banks.length * seconds.length);
  const { overLimitShare } = plantFigures(seconds, scenario.acma!);
  const figures = { bankBytes, nrBanks: banks.length, fitShare, overLimitShare };
  process.stdout.write(`${json ? exactJson({ figures }) : figureLines(figures)}\n`);
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
