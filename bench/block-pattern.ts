/** The memory that benches of the core watch: every second 2 MiB block is hot, for ever. */
import { VirtualClock } from '../src/base/clock.ts';
import { KernelRandom } from '../src/base/random.ts';
import { Kdamond, type KdamondOptions } from '../src/core/kdamond.ts';
import { noMetrics } from '../src/core/metrics.ts';
import {
  drawSamplingAddresses,
  type MonitoredTarget,
  type Operations,
  type OperationsContext,
} from '../src/core/operations.ts';
import { DEFAULT_ATTRS } from '../src/params/defaults.ts';
import type { Attrs, Params } from '../src/params/types.ts';

/** Size of a hot or cold block, and of a region to begin with. */
const blockSizeBytes = 2 << 20;

/** Samples in an aggregation interval, DAMON's default. */
export const samplesPerAggregation = 20;

const sampleIntervalUs = 5000;

/** An operations set whose check costs as little as one can: a bit of the address decides. */
class BlockPatternOperations implements Operations {
  readonly id = 'paddr';

  capabilities(): [] {
    return [];
  }

  prepare(context: OperationsContext, target: MonitoredTarget): void {
    drawSamplingAddresses(target.regions, context.random);
  }

  check(_context: OperationsContext, target: MonitoredTarget): number {
    const { nr, samplingAddress, nrAccesses } = target.regions;
    let max = 0;
    for (let row = 0; row < nr; row++) {
      let count = nrAccesses[row]!;
      if (((samplingAddress[row]! / blockSizeBytes) & 1) === 0) {
        count += 1;
        nrAccesses[row] = count;
      }
      if (count > max) max = count;
    }
    return max;
  }
}

/**
 * A kdamond over `nrBlocks` blocks, each a region of its own, on a virtual clock that nobody needs.
 */
export function blockPatternKdamond(nrBlocks: number, attrs: Partial<Attrs>): Kdamond {
  const regions = Array.from({ length: nrBlocks }, (_, block) => ({
    start: block * blockSizeBytes,
    end: (block + 1) * blockSizeBytes,
  }));
  const params: Params = {
    operations: 'paddr',
    addrUnit: 1,
    minRegionSize: 4096,
    attrs: {
      ...DEFAULT_ATTRS,
      sampleIntervalUs,
      aggregationIntervalUs: sampleIntervalUs * samplesPerAggregation,
      ...attrs,
    },
    targets: [{ regions, obsolete: false }],
    probes: [],
    schemes: [],
    paused: false,
  };
  const options: KdamondOptions = {
    params,
    operations: new BlockPatternOperations(),
    clock: new VirtualClock(),
    random: new KernelRandom(42),
    metrics: noMetrics,
  };
  return new Kdamond(options);
}
