import type { Command } from 'commander';
import { Footprints, type FootprintsByPid } from '../../analysis/footprints.ts';
import { averageOf, percentilesOf } from '../../analysis/percentiles.ts';
import { ThermoclineError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import type { Footprint } from '../../record/recording.ts';
import { bold, dim, type Line, plain } from '../terminal/line.ts';
import { formatTable } from '../terminal/table.ts';
import { askFile } from './ask-file.ts';
import { percentilesOption, takeFiles } from './options.ts';
import { canvas, counted, printJson, printLines } from './output.ts';

interface FootprintOptions {
  readonly json?: true;
  readonly percentiles: readonly number[];
}

const HELP = `
Percentiles are over time, by the rule of report wss. Footprints are there where thermocline record
was told to take them.

Example:
  $ thermocline report footprint server.tcr --percentiles 50,100`;

/** Adds `report footprint`. */
export function register(report: Command): void {
  report
    .command('footprint')
    .argument('[file...]')
    .usage('<file> [options]')
    .summary('how much memory processes had')
    .description('Tells how much memory each process, and the machine, had while it was recorded.')
    .addOption(percentilesOption([0, 25, 50, 75, 100]))
    .option('--json', 'print JSON: bytes')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(operands: string[], options: FootprintOptions): Promise<void> {
  const [file] = takeFiles(operands, {}, []);
  const [footprints] = await askFile(file!, [new Footprints()]);
  if (footprints.size === 0) {
    throw new ThermoclineError(
      'TC_INVALID',
      `${file} holds no footprints; thermocline record takes them with --footprint.`,
    );
  }
  if (options.json) {
    const processes = [...footprints].map(([pid, samples]) => ({
      pid,
      samples: samples.length,
      residentBytes: figures(samples, residentOf, options.percentiles),
      virtualBytes: figures(samples, virtualOf, options.percentiles),
    }));
    printJson({ kind: 'footprint', processes });
    return;
  }
  printLines(footprintLines(footprints, options.percentiles), canvas());
}

function residentOf(footprint: Footprint): number {
  return footprint.residentBytes;
}

function virtualOf(footprint: Footprint): number {
  return footprint.virtualBytes;
}

function figures(
  samples: readonly Footprint[],
  of: (footprint: Footprint) => number,
  percentiles: readonly number[],
): object {
  const values = samples.map(of);
  const average = Math.trunc(averageOf(values));
  return {
    average,
    percentiles: percentilesOf(
      values.sort((a, b) => a - b),
      percentiles,
    ),
  };
}

/** A table for each process. */
export function footprintLines(
  footprints: FootprintsByPid,
  percentiles: readonly number[],
): Line[] {
  return [...footprints].flatMap(([pid, samples]) => {
    const resident = samples.map(residentOf).sort((a, b) => a - b);
    const virtual = samples.map(virtualOf).sort((a, b) => a - b);
    const residentAt = percentilesOf(resident, percentiles);
    const virtualAt = percentilesOf(virtual, percentiles);
    const [heading, ...rows] = formatTable(Object.keys(residentAt), [
      { heading: 'PERCENTILE', text: (key) => key, align: 'right' },
      { heading: 'RESIDENT', text: (key) => formatBytes(residentAt[key]!), align: 'right' },
      { heading: 'VIRTUAL', text: (key) => formatBytes(virtualAt[key]!), align: 'right' },
    ]);
    const name = pid === null ? 'the machine' : `pid ${pid}`;
    const title = `footprint of ${name}: ${counted(samples.length, 'sample')}`;
    return [bold(title), dim(heading!), ...rows.map(plain)];
  });
}
