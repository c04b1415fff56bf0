/** How series are named and made. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { LatestLook, OwnedMonitor } from '../owned-monitor.ts';

/** Labels name monitors and cgroups, never processes: those come and go without end. */
export const LABELS = ['monitor', 'cgroup'] as const;
export type Labels = Readonly<Record<string, string>>;
/** Those that every series of a monitor has. */
export type MonitorLabels = Readonly<Record<(typeof LABELS)[number], string>>;

/** One monitor with what it last saw. */
export interface Look extends LatestLook {
  readonly monitor: OwnedMonitor;
  readonly labels: MonitorLabels;
}

/** Name, sentence and kind of a metric. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
}

/** Registers a metric. What a monitor doesn't know, null, has no series. */
export function newMetric(
  registry: Registry,
  { name, help, type }: MetricFamily,
  labels: readonly string[],
): (labels: Labels, value: number | null) => void {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  if (type === 'gauge') {
    const gauge = new Gauge(options);
    return (at, value) => value !== null && gauge.set(at, value);
  }
  const counter = new Counter(options);
  return (at, value) => value !== null && counter.inc(at, value);
}
