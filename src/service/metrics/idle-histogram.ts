import type { Metric, Registry } from 'prom-client';
import { idleTimesOf } from '../figures.ts';
import type { Labels, Look } from './series.ts';

/** Bounds of the idle-time histogram: half a second to a week, each about four times the last. */
const IDLE_BOUNDS_S: readonly number[] = [
  0, 0.5, 2, 10, 30, 60, 120, 300, 900, 3600, 14_400, 86_400, 604_800,
];

/**
 * How many bytes have been idle for how long. Every observation is a byte at this moment, so unlike
 * in usual histograms counts can fall; they add up over monitors and machines all the same.
 */
export function addIdleTime(registry: Registry, looks: readonly Look[]): void {
  const name = 'thermocline_idle_seconds';
  const values = looks.flatMap(({ labels, snapshot }) => idleValues(name, labels, snapshot));
  const help = 'Watched bytes by the time since they were last accessed, at this moment.';
  const filled = { name, help, type: 'histogram', values, aggregator: 'sum' };
  // The library's own histogram only counts up, so this one hands over its buckets as they are.
  const metric = { name, get: () => Promise.resolve(filled) };
  registry.registerMetric(metric as unknown as Metric);
}

interface IdleValue {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

function idleValues(name: string, labels: Labels, snapshot: Look['snapshot']): IdleValue[] {
  const { values, bytes } = idleTimesOf(snapshot);
  const perBucket = new Array<number>(IDLE_BOUNDS_S.length + 1).fill(0);
  let sum = 0;
  let count = 0;
  for (const [row, idleUs] of values.entries()) {
    const seconds = idleUs / 1e6;
    const bucket = IDLE_BOUNDS_S.findIndex((bound) => seconds <= bound);
    perBucket[bucket < 0 ? IDLE_BOUNDS_S.length : bucket]! += bytes[row]!;
    sum += seconds * bytes[row]!;
    count += bytes[row]!;
  }
  let soFar = 0;
  const buckets = [...IDLE_BOUNDS_S, '+Inf'].map((le, index) => {
    soFar += perBucket[index]!;
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: soFar };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
