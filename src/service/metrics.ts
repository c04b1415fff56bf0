/**
 * Metrics in Prometheus' text form. They are made anew for each scrape from what the monitors last
 * saw, so nothing is kept of monitors that are gone.
 */
import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client';
import type { HostReader } from '../host/host.ts';
import { idleTimesOf } from './figures.ts';
import type { LatestLook, OwnedMonitor } from './owned-monitor.ts';

/** Labels name monitors and cgroups, never processes: those come and go without end. */
const LABELS = ['monitor', 'cgroup'] as const;
type Labels = Readonly<Record<string, string>>;

/** Monitors and schemes beyond these have no series; a metric says how many were left out. */
const MAX_MONITORS = 50;
const MAX_SCHEMES = 16;

/** Bounds of the idle-time histogram: half a second to a week, each about four times the last. */
const IDLE_BOUNDS_S: readonly number[] = [
  0, 0.5, 2, 10, 30, 60, 120, 300, 900, 3600, 14_400, 86_400, 604_800,
];

/** One monitor with what it last saw. */
interface Look extends LatestLook {
  readonly monitor: OwnedMonitor;
  readonly labels: Labels;
}

/** A family of one value a monitor. */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  /** Null where the monitor doesn't know. */
  readonly value: (look: Look) => number | null;
}

const FAMILIES: readonly Family[] = [
  {
    name: 'thermocline_working_set_bytes',
    help: 'Memory that was accessed in the last aggregation interval.',
    type: 'gauge',
    value: ({ figures }) => figures.workingSetBytes,
  },
  {
    name: 'thermocline_watched_bytes',
    help: 'Memory that is watched.',
    type: 'gauge',
    value: ({ figures }) => figures.watchedBytes,
  },
  {
    name: 'thermocline_resident_bytes',
    help: 'Memory of what is watched that is in memory.',
    type: 'gauge',
    value: ({ figures }) => figures.residentBytes,
  },
  {
    name: 'thermocline_accessed_bytes_per_second',
    help: 'Bandwidth, if each sample that found a region accessed counts for all of its bytes.',
    type: 'gauge',
    value: ({ figures }) => figures.bandwidthBytesPerSecond,
  },
  {
    name: 'thermocline_regions',
    help: 'Regions that are watched apart.',
    type: 'gauge',
    value: ({ figures }) => figures.nrRegions,
  },
  {
    name: 'thermocline_sampling_interval_seconds',
    help: 'Sampling interval in force; longer than asked for while the cost has to be kept down.',
    type: 'gauge',
    value: ({ figures }) => figures.sampleIntervalUs / 1e6,
  },
  {
    name: 'thermocline_monitor_cpu_seconds_total',
    help: 'CPU time that monitoring has used.',
    type: 'counter',
    value: ({ stats }) => stats.cost.cpuUs / 1e6,
  },
  {
    name: 'thermocline_savings_gross_bytes',
    help: 'Memory of what is watched that is swapped out at present.',
    type: 'gauge',
    value: ({ figures }) => figures.swappedBytes,
  },
];

/** Families of one value a scheme. */
const SCHEME_FAMILIES: readonly {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly value: (scheme: Look['figures']['schemes'][number]) => number | null;
}[] = [
  {
    name: 'thermocline_scheme_tried_bytes_total',
    help: 'Memory that a scheme was tried on.',
    type: 'counter',
    value: ({ triedBytes }) => triedBytes,
  },
  {
    name: 'thermocline_scheme_applied_bytes_total',
    help: 'Memory that a scheme was applied to.',
    type: 'counter',
    value: ({ appliedBytes }) => appliedBytes,
  },
  {
    name: 'thermocline_scheme_failed_bytes_total',
    help: 'Memory that a scheme was tried on and could not be applied to.',
    type: 'counter',
    value: ({ triedBytes, appliedBytes }) => Math.max(0, triedBytes - appliedBytes),
  },
  {
    name: 'thermocline_scheme_quota_bytes',
    help: 'What the quota of a scheme allows in one of its windows.',
    type: 'gauge',
    value: ({ effectiveQuotaBytes }) => effectiveQuotaBytes,
  },
  {
    name: 'thermocline_scheme_quota_exceeded_total',
    help: 'How often a scheme has used up its quota.',
    type: 'counter',
    value: ({ nrQuotaExceeds }) => nrQuotaExceeds,
  },
  {
    name: 'thermocline_scheme_active',
    help: 'Whether a scheme is on, 1, or off by its watermarks, 0.',
    type: 'gauge',
    value: ({ active }) => (active ? 1 : 0),
  },
];

/** The service's metrics. */
export class Metrics {
  readonly contentType: string = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #own = new Registry();
  readonly #monitors: () => readonly OwnedMonitor[];
  readonly #host: HostReader;

  constructor(monitors: () => readonly OwnedMonitor[], host: HostReader) {
    this.#monitors = monitors;
    this.#host = host;
    // CPU, memory and event loop of this very process.
    collectDefaultMetrics({ register: this.#own });
    // Gauges that are named as counters, which linters of metrics refuse.
    for (const what of ['handles', 'requests', 'resources']) {
      this.#own.removeSingleMetric(`nodejs_active_${what}_total`);
    }
  }

  async text(): Promise<string> {
    const registry = new Registry();
    const all = this.#monitors();
    const looks = all.slice(0, MAX_MONITORS).flatMap(lookAt);
    for (const family of FAMILIES) addFamily(registry, family, looks);
    addHeat(registry, looks);
    addIdleTime(registry, looks);
    addSchemes(registry, looks);
    addGoals(registry, looks);
    addHost(registry, this.#host);
    const left = new Gauge({
      name: 'thermocline_monitors_left_out',
      help: 'Monitors beyond the limit of those that have metrics.',
      registers: [registry],
    });
    left.set(Math.max(0, all.length - MAX_MONITORS));
    return `${await registry.metrics()}\n${await this.#own.metrics()}`;
  }
}

/** None of a monitor that has ended, or has seen nothing yet. */
function lookAt(monitor: OwnedMonitor): Look[] {
  const { latest, spec, state } = monitor;
  if (latest === null || state === 'ended' || state === 'failed') return [];
  const cgroup = spec.watch.kind === 'cgroup' ? spec.watch.path : '';
  return [{ ...latest, monitor, labels: { monitor: monitor.name, cgroup } }];
}

function addFamily(registry: Registry, family: Family, looks: readonly Look[]): void {
  const put = newMetric(registry, family, LABELS);
  for (const look of looks) put(look.labels, family.value(look));
}

function addHeat(registry: Registry, looks: readonly Look[]): void {
  const memory = new Gauge({
    name: 'thermocline_memory_bytes',
    help: 'Watched memory: hot (half of the samples find it accessed), cold (not for 2 minutes), warm.',
    labelNames: [...LABELS, 'heat'],
    registers: [registry],
  });
  for (const { labels, figures } of looks) {
    memory.set({ ...labels, heat: 'hot' }, figures.hotBytes);
    memory.set({ ...labels, heat: 'warm' }, figures.warmBytes);
    memory.set({ ...labels, heat: 'cold' }, figures.coldBytes);
  }
}

/**
 * How many bytes have been idle for how long. Every observation is a byte at this moment, so unlike
 * in usual histograms counts can fall; they add up over monitors and machines all the same.
 */
function addIdleTime(registry: Registry, looks: readonly Look[]): void {
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

function addSchemes(registry: Registry, looks: readonly Look[]): void {
  for (const family of SCHEME_FAMILIES) {
    const put = newMetric(registry, family, [...LABELS, 'scheme', 'action']);
    for (const { labels, figures, monitor } of looks) {
      for (const [index, scheme] of figures.schemes.slice(0, MAX_SCHEMES).entries()) {
        const action = monitor.params.schemes[index]?.action ?? '';
        put({ ...labels, scheme: String(index), action }, family.value(scheme));
      }
    }
  }
}

function addGoals(registry: Registry, looks: readonly Look[]): void {
  const labelNames = [...LABELS, 'scheme', 'goal', 'metric'];
  const registers = [registry];
  const target = new Gauge({
    name: 'thermocline_goal_target',
    help: 'What the quota of a scheme is tuned for, in the unit of the metric.',
    labelNames,
    registers,
  });
  const value = new Gauge({
    name: 'thermocline_goal_value',
    help: 'What the metric of a goal was measured as last, in its own unit.',
    labelNames,
    registers,
  });
  for (const { labels, figures, monitor } of looks) {
    for (const [scheme, { quota }] of monitor.params.schemes.slice(0, MAX_SCHEMES).entries()) {
      for (const [goal, { metric, targetValue }] of quota.goals.entries()) {
        const place = { ...labels, scheme: String(scheme), goal: String(goal), metric };
        target.set(place, targetValue);
        value.set(place, figures.schemes[scheme]?.goalValues[goal] ?? 0);
      }
    }
  }
}

function addHost(registry: Registry, host: HostReader): void {
  const { pressure } = host.facts();
  const stalled = new Counter({
    name: 'thermocline_pressure_seconds_total',
    help: 'Time lost to a lack of memory since boot (PSI).',
    labelNames: ['kind'],
    registers: [registry],
  });
  if (pressure === null) return;
  stalled.inc({ kind: 'some' }, pressure.someUs / 1e6);
  stalled.inc({ kind: 'full' }, pressure.fullUs / 1e6);
}

function newMetric(
  registry: Registry,
  { name, help, type }: Pick<Family, 'name' | 'help' | 'type'>,
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
