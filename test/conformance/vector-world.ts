import type { Clock } from '../../src/base/clock.ts';
import type { Metrics, NodeMemory } from '../../src/core/metrics.ts';
import {
  type Capability,
  type ChosenRegion,
  drawSamplingAddresses,
  type MonitoredTarget,
  type Operations,
  type OperationsContext,
  type Outcome,
  type Priority,
} from '../../src/core/operations.ts';
import { MAX_NR_PROBES } from '../../src/core/region-table.ts';
import type { Action, OperationsFilter, ProbeFilter } from '../../src/params/types.ts';
import type { PageRange, Scenario } from './format.ts';
import { memcgIdOf } from './scenario-params.ts';

const PAGE_SIZE = 4096;
const NR_NODES = 2;
const MAX_CGROUP_ID = 99;

const PRIORITIES: Partial<Record<Action, Priority>> = {
  pageout: 'cold',
  lru_deprio: 'cold',
  migrate_cold: 'cold',
  lru_prio: 'hot',
  migrate_hot: 'hot',
};

/** One address with what happened to it, for traces. */
export type TracedSample = [address: number, accessed: 0 | 1];

/** The scripted world of a scenario: its clock, its metrics and its memory. */
export class VectorWorld implements Clock, Metrics, Operations {
  readonly id = 'paddr';
  readonly #scenario: Scenario;
  #nowUs = 0;
  #previousUs = 0;
  #workNs = 0;
  /** Filled by the checks of one tick. */
  samples: TracedSample[] = [];
  readonly onUpdate: (targetIndex: number, error: number) => void;

  /** Time as work is measured: it moves while schemes are applied. */
  readonly workClock: Clock = { nowUs: () => this.#nowUs + this.#workNs / 1000 };

  constructor(scenario: Scenario, onUpdate: (targetIndex: number, error: number) => void) {
    this.#scenario = scenario;
    this.onUpdate = onUpdate;
  }

  nowUs(): number {
    return this.#nowUs;
  }

  sleep(durationUs: number): void {
    this.#previousUs = this.#nowUs;
    this.#nowUs += durationUs;
  }

  // --- metrics ---

  #series(name: string, missing = 0): number {
    let value = missing;
    for (const [row, fromUs, at] of this.#scenario.series) {
      if (row === name && fromUs <= this.#nowUs) value = at;
    }
    return value;
  }

  someMemoryPressureUs(): number {
    return this.#series('psi_us');
  }

  freeMemoryPermil(): number {
    const total = this.#series('total');
    return total === 0 ? 0 : Math.floor((this.#series('free') * 1000) / total);
  }

  nodeMemory(nid: number): NodeMemory | null {
    if (nid < 0 || nid >= NR_NODES) return null;
    return { total: this.#series(`total${nid}`), free: this.#series(`free${nid}`) };
  }

  cgroupMemoryOnNode(memcgPath: string, nid: number): number | null {
    const id = memcgIdOf(memcgPath);
    return id < 1 || id > MAX_CGROUP_ID ? null : this.#series(`memcg${id}_${nid}`);
  }

  activeMemory(): number {
    return this.#series('active');
  }

  inactiveMemory(): number {
    return this.#series('inactive');
  }

  // --- operations ---

  capabilities(): readonly Capability[] {
    return [];
  }

  update(context: OperationsContext): void {
    for (const target of context.targets) {
      const rows = this.#scenario.updates.filter(
        ([index, fromUs]) => index === target.index && fromUs <= this.#nowUs,
      );
      const latestUs = Math.max(...rows.map(([, fromUs]) => fromUs));
      const ranges = rows
        .filter(([, fromUs]) => fromUs === latestUs)
        .map(([, , start, end]) => ({ start, end }));
      if (ranges.length === 0) continue;
      this.onUpdate(target.index, context.setRegions(target, ranges) ? 0 : -22);
    }
  }

  prepare(context: OperationsContext, target: MonitoredTarget): void {
    drawSamplingAddresses(target.regions, context.random);
  }

  check(context: OperationsContext, target: MonitoredTarget): number {
    const { regions } = target;
    let max = 0;
    for (let row = 0; row < regions.nr; row++) {
      const address = regions.samplingAddress[row]!;
      const accessed = this.#isAccessed(address * context.addrUnit, target.index, context.tick);
      if (accessed) regions.nrAccesses[row]! += 1;
      this.samples.push([address, accessed ? 1 : 0]);
      max = Math.max(max, regions.nrAccesses[row]!);
    }
    return max;
  }

  #isAccessed(byteAddress: number, targetIndex: number, tick: number): boolean {
    return this.#scenario.access.some((rule, index) => {
      if (rule.target !== -1 && rule.target !== targetIndex) return false;
      if (byteAddress < rule.start || byteAddress >= rule.end) return false;
      if (this.#nowUs < rule.from_us || this.#nowUs >= rule.to_us) return false;
      if (rule.period_us > 0) {
        const period = (us: number) => Math.floor(us / rule.period_us);
        return period(this.#nowUs) > period(this.#previousUs);
      }
      return pageHash(Math.floor(byteAddress / PAGE_SIZE), tick, index) < rule.permil;
    });
  }

  probe(context: OperationsContext, target: MonitoredTarget): void {
    const { regions } = target;
    if (context.attributesOnly) drawSamplingAddresses(regions, context.random);
    for (let row = 0; row < regions.nr; row++) {
      const page = this.#page(regions.samplingAddress[row]! * context.addrUnit);
      for (const [index, { filters }] of context.probes.entries()) {
        if (probeHits(filters, page)) regions.probeHits[row * MAX_NR_PROBES + index]! += 1;
      }
    }
  }

  priority(action: Action): Priority {
    return PRIORITIES[action] ?? 'none';
  }

  apply(context: OperationsContext, region: ChosenRegion, outcome: Outcome): void {
    const { start, end, scheme } = region;
    const size = end - start;
    const { applied_permil, cost_ns_per_page } = this.#scenario;
    this.#workNs += cost_ns_per_page * Math.floor((size * context.addrUnit) / PAGE_SIZE);
    const filters = scheme.filters.filter(({ type }) => type !== 'addr' && type !== 'target');
    if (filters.length === 0) {
      outcome.filterPassed = scheme.action === 'stat' ? 0 : size;
    } else {
      const step = pageStep(context.addrUnit);
      for (let address = start; address < end; address += step) {
        const page = this.#page(address * context.addrUnit);
        if (passes(filters as OperationsFilter[], page, region)) outcome.filterPassed += step;
      }
    }
    if (scheme.action === 'stat') return;
    const share = Math.floor(outcome.filterPassed / 1000) * applied_permil;
    outcome.applied = share - (share % context.minRegionSize);
  }

  residentBytes(
    { addrUnit }: OperationsContext,
    _target: MonitoredTarget,
    start: number,
    end: number,
    nid: number,
  ): number {
    let bytes = 0;
    for (let address = start; address < end; address += pageStep(addrUnit)) {
      if (nid === -1 || this.#page(address * addrUnit).nid === nid) bytes += PAGE_SIZE;
    }
    return bytes;
  }

  #page(byteAddress: number): Required<Omit<PageRange, 'start' | 'end'>> {
    const range = this.#scenario.pages.find(
      ({ start, end }) => start <= byteAddress && byteAddress < end,
    );
    return { anon: 0, active: 0, memcg: 0, young: 0, fsz: PAGE_SIZE, mapped: 1, nid: 0, ...range };
  }
}

type Page = Required<Omit<PageRange, 'start' | 'end'>>;

const pageStep = (addrUnit: number): number => Math.max(Math.floor(PAGE_SIZE / addrUnit), 1);

function pageHash(page: number, tick: number, rule: number): number {
  let hash = (Math.imul(page, 2654435761) + Math.imul(tick, 40503) + rule * 97) >>> 0;
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 2246822519) >>> 0;
  hash ^= hash >>> 13;
  return (hash >>> 0) % 1000;
}

function isInCgroup(page: Page, memcgPath: string): boolean {
  return page.memcg !== 0 && page.memcg === memcgIdOf(memcgPath);
}

function probeHits(filters: readonly ProbeFilter[], page: Page): boolean {
  for (const filter of filters) {
    const holds = filter.type === 'anon' ? page.anon === 1 : isInCgroup(page, filter.memcgPath);
    if (holds === filter.matching) return filter.allow;
  }
  return !(filters.at(-1)?.allow ?? false);
}

function passes(filters: readonly OperationsFilter[], page: Page, region: ChosenRegion): boolean {
  if (region.allowedByCore) return true;
  for (const filter of filters) {
    if (holdsFor(filter, page) === filter.matching) return filter.allow;
  }
  return !region.rejectUnmatched;
}

function holdsFor(filter: OperationsFilter, page: Page): boolean {
  switch (filter.type) {
    case 'anon':
      return page.anon === 1;
    case 'active':
      return page.active === 1;
    case 'young':
      return page.young === 1;
    case 'unmapped':
      return page.mapped === 0;
    case 'memcg':
      return isInCgroup(page, filter.memcgPath);
    case 'hugepage_size': {
      const { min, max } = filter.sizeBytes;
      return (min === 'max' || page.fsz >= min) && (max === 'max' || page.fsz <= max);
    }
  }
}
