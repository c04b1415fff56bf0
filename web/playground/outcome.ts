/** How two machines have fared, side by side. */
import { formatBytes, formatDuration, formatShare } from '../../src/base/units.ts';
import type { MachineSummary } from '../../src/host/sim/index.ts';

/** One figure of both. */
export interface OutcomeRow {
  readonly name: string;
  readonly meaning: string;
  readonly trial: number;
  readonly baseline: number;
  readonly format: (value: number) => string;
  readonly better: 'more' | 'less' | 'neither';
}

/** Figures that tell whether schemes were worth it. */
export function outcomeRows(trial: MachineSummary, baseline: MachineSummary): OutcomeRow[] {
  const both = (figure: (machine: MachineSummary) => number) => ({
    trial: figure(trial),
    baseline: figure(baseline),
  });
  const tiered = trial.nodes.length > 1;
  return [
    {
      name: 'Memory, on average',
      meaning: 'Resident memory of all processes, on average so far.',
      ...both(({ processes }) =>
        processes.reduce((sum, { meanResidentBytes }) => sum + meanResidentBytes, 0),
      ),
      format: formatBytes,
      better: 'less',
    },
    {
      name: 'Throughput',
      meaning: 'Work done, of what could be done with all memory on the fastest node.',
      ...both(throughputOf),
      format: formatShare,
      better: 'more',
    },
    ...(tiered
      ? [
          {
            name: 'Fast accesses',
            meaning: 'Share of the accesses that the fastest node serves.',
            ...both(fastShareOf),
            format: formatShare,
            better: 'more' as const,
          },
        ]
      : []),
    {
      name: 'Pressure',
      meaning: 'Share of time in which at least one process waits for memory (PSI some).',
      ...both(({ pressure, timeUs }) => pressure.someUs / Math.max(timeUs, 1)),
      format: formatShare,
      better: 'less',
    },
    {
      name: 'Came back',
      meaning: 'Memory that was taken and then needed again.',
      ...both(({ refaultedBytes }) => refaultedBytes),
      format: formatBytes,
      better: 'less',
    },
    {
      name: tiered ? 'Moved' : 'Taken',
      meaning: tiered
        ? 'Moved between nodes, in both directions.'
        : 'Paged out by schemes, or reclaimed by the machine itself.',
      ...both((machine) =>
        tiered
          ? machine.promotedBytes + machine.demotedBytes
          : machine.pagedOutBytes + machine.reclaimedBytes,
      ),
      format: formatBytes,
      better: 'neither',
    },
  ];
}

/** `3.6 GiB less`, `0.2 points more`, or `the same`. */
export function differenceText({ trial, baseline, format }: OutcomeRow): string {
  const difference = trial - baseline;
  const text = format(Math.abs(difference)).replace('%', 'points');
  if (text === format(0).replace('%', 'points') || difference === 0) return 'the same';
  return `${text} ${difference < 0 ? 'less' : 'more'}`;
}

/** Whether a difference is for the better; null where it is none, or neither. */
export function isBetter({ trial, baseline, better }: OutcomeRow): boolean | null {
  if (better === 'neither' || Math.abs(trial - baseline) <= Math.abs(baseline) * 0.001) return null;
  return better === 'more' ? trial > baseline : trial < baseline;
}

/** The verdict in one sentence. */
export function verdictOf(trial: MachineSummary, baseline: MachineSummary): string {
  const saved = residentBytes(baseline) - residentBytes(trial);
  const slower = throughputOf(baseline) - throughputOf(trial);
  const memory =
    saved > 0
      ? `${formatBytes(saved)} less memory in use`
      : saved < 0
        ? `${formatBytes(-saved)} more memory in use`
        : 'As much memory in use';
  const speed =
    Math.abs(slower) < 0.0005
      ? 'at the same speed'
      : `${formatShare(Math.abs(slower))} ${slower > 0 ? 'slower' : 'faster'}`;
  return `${memory}, ${speed}, after ${formatDuration(trial.timeUs)}.`;
}

/** Memory of all processes. */
export function residentBytes({ processes }: MachineSummary): number {
  return processes.reduce((sum, process) => sum + process.residentBytes, 0);
}

/** Mean over processes, 0…1. */
export function throughputOf({ processes }: MachineSummary): number {
  const sum = processes.reduce((total, { throughput }) => total + throughput, 0);
  return processes.length === 0 ? 1 : sum / processes.length;
}

function fastShareOf({ nodes }: MachineSummary): number {
  const fastest = Math.min(...nodes.map(({ tier }) => tier));
  return nodes
    .filter(({ tier }) => tier === fastest)
    .reduce((sum, { accessShare }) => sum + accessShare, 0);
}
