import type { Scenario } from '../../src/host/sim/index.ts';
import type { Attrs, Params, Scheme } from '../../src/params/types.ts';

/** Monitoring of all memory of a guest, with these schemes or none. */
export function watchOnly(
  { nodes }: Scenario,
  attrs: Attrs,
  schemes: readonly Scheme[] = [],
): Params {
  const end = nodes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    operations: 'paddr',
    addrUnit: 1,
    minRegionSize: 4096,
    attrs,
    targets: [{ regions: [{ start: 0, end }], obsolete: false }],
    probes: [],
    schemes,
    paused: false,
  };
}
