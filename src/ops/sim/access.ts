/** Sampling: was the page that stands for a region accessed since `prepare`? */
import {
  drawSamplingAddresses,
  type MonitoredTarget,
  type OperationsContext,
} from '../../core/operations.ts';
import type { RegionTable } from '../../core/region-table.ts';
import {
  hash32,
  PAGE_SIZE,
  SampleMap,
  type SimProcess,
  type SimulatedMachine,
} from '../../host/sim/index.ts';

interface CachedMap {
  readonly map: SampleMap;
  ratesVersion: number;
  memoryVersion: number;
  intervalUs: number;
}

/** Keeps the sample map of each address space, and knows when one has to be made anew. */
export class SimAccess {
  readonly #machine: SimulatedMachine;
  /** By process; null is physical memory. */
  readonly #maps: Map<SimProcess | null, CachedMap> = new Map();
  #preparedUs = 0;

  constructor(machine: SimulatedMachine) {
    this.#machine = machine;
  }

  prepare(context: OperationsContext, target: MonitoredTarget): void {
    this.#machine.catchUp();
    this.#preparedUs = this.#machine.nowUs;
    drawSamplingAddresses(target.regions, context.random);
  }

  /** @param process null for physical memory */
  check(context: OperationsContext, target: MonitoredTarget, process: SimProcess | null): number {
    this.#machine.catchUp();
    this.#machine.counters.sampledPages += target.regions.nr;
    const map = this.mapOf(process, this.#machine.nowUs - this.#preparedUs);
    return markAccessed(target.regions, map, context.addrUnit, this.#machine.momentSalt());
  }

  /** The map of an address space as it is now, for sampling intervals of this length. */
  mapOf(process: SimProcess | null, intervalUs: number): SampleMap {
    const { ratesVersion, memory } = this.#machine;
    // Where a page is matters to its physical address only.
    const memoryVersion = process === null ? memory.version : 0;
    let cached = this.#maps.get(process);
    if (cached === undefined) {
      cached = { map: new SampleMap(), ratesVersion: -1, memoryVersion, intervalUs };
      this.#maps.set(process, cached);
    }
    if (
      cached.ratesVersion !== ratesVersion ||
      cached.memoryVersion !== memoryVersion ||
      cached.intervalUs !== intervalUs
    ) {
      const runs =
        process === null ? this.#machine.mappedFrames() : this.#machine.mappedPages(process);
      cached.map.rebuild(runs, intervalUs);
      cached.ratesVersion = ratesVersion;
      cached.memoryVersion = memoryVersion;
      cached.intervalUs = intervalUs;
    }
    return cached.map;
  }

  forget(process: SimProcess): void {
    this.#maps.delete(process);
  }
}

/**
 * Counts the regions whose sampling address was accessed; returns the largest count. Regions and
 * map are both in address order, so one walk over both does. This runs for every region in every
 * sampling interval: what a row says is kept in locals until the walk comes to the next row.
 */
function markAccessed(
  regions: RegionTable,
  map: SampleMap,
  addrUnit: number,
  salt: number,
): number {
  const { nr, samplingAddress, nrAccesses } = regions;
  let row = -1;
  let rowStart = 0;
  let rowEnd = 0;
  let rowSalt = 0;
  let firstPage = 0;
  let shift = 0;
  let threshold = 0;
  let shuffled = false;
  let max = 0;
  for (let region = 0; region < nr; region++) {
    const address = samplingAddress[region]! * addrUnit;
    if (address >= rowEnd) {
      row = map.rowFrom(row + 1, address);
      if (row < 0) return Math.max(max, largestCount(regions, region));
      rowStart = map.start[row]!;
      rowEnd = map.end[row]!;
      rowSalt = map.salt[row]! ^ salt;
      firstPage = map.firstPage[row]!;
      shift = map.shift[row]!;
      threshold = map.threshold[row]!;
      shuffled = map.buckets[row] !== null;
    }
    let count = nrAccesses[region]!;
    if (address >= rowStart) {
      const page = ((address - rowStart) / PAGE_SIZE + firstPage) | 0;
      if (shuffled) threshold = map.shuffledThreshold(row, page);
      if (hash32(page >>> shift, rowSalt) < threshold) nrAccesses[region] = ++count;
    }
    if (count > max) max = count;
  }
  return max;
}

/** Largest count of the regions from `first` on. */
export function largestCount({ nr, nrAccesses }: RegionTable, first: number): number {
  let max = 0;
  for (let region = first; region < nr; region++) max = Math.max(max, nrAccesses[region]!);
  return max;
}
