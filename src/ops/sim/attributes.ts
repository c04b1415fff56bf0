/** Data attributes of the sampled pages (spec section 8). */
import {
  drawSamplingAddresses,
  type MonitoredTarget,
  type OperationsContext,
} from '../../core/operations.ts';
import type { SampleMap, SimVma } from '../../host/sim/index.ts';
import type { ProbeFilter } from '../../params/types.ts';

/** Counts, for each region and probe, whether the page at the sampling address is a hit. */
export function countProbeHits(
  context: OperationsContext,
  target: MonitoredTarget,
  map: SampleMap,
): void {
  const { regions } = target;
  if (context.attributesOnly) drawSamplingAddresses(regions, context.random);
  let row = 0;
  for (let region = 0; region < regions.nr; region++) {
    const address = regions.samplingAddress[region]! * context.addrUnit;
    while (row < map.nr && map.end[row]! <= address) row += 1;
    const vma = row < map.nr && map.start[row]! <= address ? map.vma[row]! : null;
    for (let probe = 0; probe < context.probes.length; probe++) {
      if (isHit(context.probes[probe]!.filters, vma)) {
        regions.probeHits[regions.probeIndex(region, probe)]! += 1;
      }
    }
  }
}

/**
 * The first matching filter decides; without one, the last filter's opposite; without filters, a
 * hit.
 */
function isHit(filters: readonly ProbeFilter[], vma: SimVma | null): boolean {
  for (let index = 0; index < filters.length; index++) {
    const filter = filters[index]!;
    if (hasAttribute(filter, vma) === filter.matching) return filter.allow;
  }
  return filters.length === 0 || !filters[filters.length - 1]!.allow;
}

function hasAttribute(filter: ProbeFilter, vma: SimVma | null): boolean {
  if (vma === null) return false;
  if (filter.type === 'anon') return vma.kind !== 'file';
  return vma.process.spec.cgroup === filter.memcgPath;
}
