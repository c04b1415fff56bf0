/**
 * Metrics in Prometheus' text form. They are made anew for each scrape from what the monitors last
 * saw, so nothing is kept of monitors that are gone.
 */
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { HostReader } from '../../host/host.ts';
import { readPressure } from '../../host/linux/pressure.ts';
import type { OwnedMonitor } from '../owned-monitor.ts';
import { netBytes, type SwapCost, swapCostOf } from '../swap-cost.ts';
import { addIdleTime } from './idle-histogram.ts';
import { addGoals, addSchemes } from './scheme-metrics.ts';
import { LABELS, type Look, type MetricFamily, newMetric } from './series.ts';

/** Monitors beyond these have no series; a metric says how many were left out. */
const MAX_MONITORS = 50;

/** A family of one value a monitor. */
interface Family extends MetricFamily {
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
];

const GROSS_SAVINGS = {
  name: 'thermocline_savings_gross_bytes',
  help: 'Memory of what is watched that is swapped out at present.',
  type: 'gauge',
} as const;
const NET_SAVINGS = {
  name: 'thermocline_savings_net_bytes',
  help: 'The same less what compressed swap takes of memory for it.',
  type: 'gauge',
} as const;

const HEAT = {
  name: 'thermocline_memory_bytes',
  help: 'Watched memory: hot (half of the samples find it accessed), cold (not for 2 minutes), warm.',
  type: 'gauge',
} as const;
const PRESSURE = {
  name: 'thermocline_pressure_seconds_total',
  help: 'Time lost to a lack of memory (PSI): of the whole machine where the cgroup is empty.',
  type: 'counter',
} as const;
const LEFT_OUT = {
  name: 'thermocline_monitors_left_out',
  help: 'Monitors beyond the limit of those that have metrics.',
  type: 'gauge',
} as const;

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
    addSavings(registry, looks, swapCostOf(this.#host));
    addPressure(registry, looks, this.#host);
    newMetric(registry, LEFT_OUT, [])({}, Math.max(0, all.length - MAX_MONITORS));
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
  const memory = newMetric(registry, HEAT, [...LABELS, 'heat']);
  for (const { labels, figures } of looks) {
    memory({ ...labels, heat: 'hot' }, figures.hotBytes);
    memory({ ...labels, heat: 'warm' }, figures.warmBytes);
    memory({ ...labels, heat: 'cold' }, figures.coldBytes);
  }
}

function addSavings(registry: Registry, looks: readonly Look[], swapCost: SwapCost): void {
  const gross = newMetric(registry, GROSS_SAVINGS, LABELS);
  const net = newMetric(registry, NET_SAVINGS, LABELS);
  for (const { labels, figures } of looks) {
    const { swappedBytes } = figures;
    gross(labels, swappedBytes);
    net(labels, swappedBytes === null ? null : netBytes(swappedBytes, swapCost));
  }
}

/** Of the machine, and of the cgroups that are watched. */
function addPressure(registry: Registry, looks: readonly Look[], host: HostReader): void {
  const stalled = newMetric(registry, PRESSURE, ['cgroup', 'kind']);
  const { roots } = host;
  const paths = new Set(looks.map(({ labels }) => labels.cgroup).filter((path) => path !== ''));
  const all = [...paths].map((cgroup) => ({
    cgroup,
    pressure: readPressure(join(roots.cgroup, cgroup, 'memory.pressure')),
  }));
  all.push({ cgroup: '', pressure: host.facts().pressure });
  for (const { cgroup, pressure } of all) {
    if (pressure === null) continue;
    stalled({ cgroup, kind: 'some' }, pressure.someUs / 1e6);
    stalled({ cgroup, kind: 'full' }, pressure.fullUs / 1e6);
  }
}
