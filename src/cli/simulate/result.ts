import { type Accuracy, type AccuracyScores, scoresOf } from '../../analysis/accuracy.ts';
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import type { MachineSummary } from '../../host/sim/index.ts';
import type { SchemeState } from '../../params/snapshot.ts';
import type { Params } from '../../params/types.ts';
import { schemeText } from '../watch/frame.ts';

/** Everything that came out of a simulated run. The same run gives the same result, to the byte. */
export interface SimulationResult {
  readonly scenario: string;
  readonly seed: number;
  /** As in force at the end. */
  readonly params: Params;
  readonly nrRegions: number;
  /** Over the second half of the run; null for physical addresses, where the truth is not known. */
  readonly accuracy: Accuracy | null;
  readonly schemes: readonly SchemeState[];
  readonly machine: MachineSummary;
}

/** What `--json` prints: whole numbers in bytes and microseconds, shares from 0 to 1. */
export function resultObject(result: SimulationResult): object {
  const { scenario, seed, params, nrRegions, accuracy, schemes, machine } = result;
  return {
    scenario,
    seed,
    simulatedUs: machine.timeUs,
    monitor: { operations: params.operations, attrs: params.attrs, nrRegions },
    accuracy: accuracy === null ? null : scoresOf(accuracy),
    schemes: schemes.map((state, index) => ({ action: params.schemes[index]!.action, ...state })),
    machine,
  };
}

/** The result as lines for people. */
export function resultLines(result: SimulationResult): string[] {
  const { scenario, seed, params, nrRegions, accuracy, schemes, machine } = result;
  const { attrs } = params;
  const rows: [heading: string, text: string][] = [
    ['simulated', `${formatDuration(machine.timeUs)} of ${scenario}, seed ${seed}`],
    [
      'monitor',
      `${params.operations}, sampled every ${formatDuration(attrs.sampleIntervalUs)}, ` +
        `aggregated every ${formatDuration(attrs.aggregationIntervalUs)}, ${nrRegions} regions`,
    ],
    ...(accuracy === null ? [] : accuracyRows(accuracy)),
    ...schemes.map((state, index): [string, string] => [
      index === 0 ? 'schemes' : '',
      schemeText(params.schemes[index]!, index, state, 'simulated'),
    ]),
    ...machineRows(machine),
  ];
  return rows.map(lineOf);
}

/** What became of the machine, as lines for people. */
export function machineLines(machine: MachineSummary): string[] {
  return machineRows(machine).map(lineOf);
}

function lineOf([heading, text]: [heading: string, text: string]): string {
  return `${heading.padEnd(11)}${text}`;
}

function accuracyRows(accuracy: Accuracy): [string, string][] {
  const scores = scoresOf(accuracy);
  return [
    [
      'accuracy',
      scores.f1 === null ? 'nothing is hot, and nothing was said to be' : f1Text(scores),
    ],
    ['', workingSetText(scores.workingSetError)],
  ];
}

function f1Text({ precision, recall, f1 }: AccuracyScores): string {
  const text = (share: number | null) => (share === null ? 'none' : formatShare(share));
  return (
    `precision ${text(precision)}, recall ${text(recall)}, F1 ${text(f1)} ` +
    '(bytes that half of the samples find accessed)'
  );
}

function workingSetText(error: number | null): string {
  if (error === null) return 'no working set';
  const direction = error < 0 ? 'smaller' : 'larger';
  return `working set seen ${formatShare(Math.abs(error))} ${direction} than it is`;
}

function machineRows(machine: MachineSummary): [string, string][] {
  const { nodes, swap, pressure, processes, timeUs } = machine;
  const shareOfTime = (us: number) => formatShare(us / Math.max(timeUs, 1));
  return [
    ...nodes.map((node): [string, string] => [
      `node ${node.nid}`,
      `${formatBytes(node.usedBytes)} of ${formatBytes(node.totalBytes)} used, ` +
        `serves ${formatShare(node.accessShare)} of accesses`,
    ]),
    ['swap', `${formatBytes(swap.usedBytes)} of ${formatBytes(swap.totalBytes)} used`],
    [
      'moved',
      `${formatBytes(machine.promotedBytes)} promoted, ${formatBytes(machine.demotedBytes)} demoted`,
    ],
    [
      'reclaimed',
      `${formatBytes(machine.pagedOutBytes)} by schemes, ` +
        `${formatBytes(machine.reclaimedBytes)} by the machine; ` +
        `${formatBytes(machine.refaultedBytes)} came back on access`,
    ],
    [
      'pressure',
      `some ${formatDuration(pressure.someUs)} (${shareOfTime(pressure.someUs)}), ` +
        `full ${formatDuration(pressure.fullUs)} (${shareOfTime(pressure.fullUs)})`,
    ],
    ...processes.map((process): [string, string] => [
      `pid ${process.pid}`,
      `${process.name}: throughput ${formatShare(process.throughput)}, ` +
        `stalled ${formatDuration(process.stallUs)}, ` +
        `${formatBytes(process.residentBytes)} of ${formatBytes(process.mappedBytes)} resident`,
    ]),
  ];
}
