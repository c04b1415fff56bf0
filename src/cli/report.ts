import type { Command } from 'commander';
import { register as registerDiff } from './report/diff.ts';
import { register as registerDistributions } from './report/distribution.ts';
import { register as registerFootprint } from './report/footprint.ts';
import { register as registerHeatMap } from './report/heatmap.ts';
import { register as registerHolistic } from './report/holistic.ts';
import { register as registerInfo } from './report/info.ts';
import { register as registerRegions } from './report/regions.ts';
import { register as registerSnapshot } from './report/snapshot.ts';
import { register as registerTimes } from './report/times.ts';
import { register as registerWss } from './report/wss.ts';

const HELP = `
A recording is what thermocline record writes, or damo: its compressed or plain JSON, the text of
perf script or trace-cmd, and its old binary format. The file's bytes say which, not its name.

Figures are right first: several targets are added at the same moment, rates are not cut to whole
percents, and totals are those of what filters leave. --like-damo gives damo's figures where they
differ; the help of each report says how.

Examples:
  $ thermocline report holistic server.tcr
  $ thermocline report wss damon.data
  $ thermocline report heatmap damon.data --svg heat.svg`;

export function register(program: Command): void {
  const report = program
    .command('report')
    .summary('answer questions about a recording')
    .description('Answers questions about a recording, in one pass over it.')
    .addHelpText('after', HELP);
  registerHolistic(report);
  registerInfo(report);
  registerSnapshot(report);
  registerHeatMap(report);
  registerWss(report);
  registerDistributions(report);
  registerRegions(report);
  registerTimes(report);
  registerDiff(report);
  registerFootprint(report);
}
