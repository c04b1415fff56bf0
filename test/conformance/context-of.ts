import { VirtualClock } from '../../src/base/clock.ts';
import { Context } from '../../src/core/context.ts';
import { noMetrics } from '../../src/core/metrics.ts';
import type { Operations } from '../../src/core/operations.ts';
import { RunningScheme } from '../../src/core/schemes/running-scheme.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME } from '../../src/params/defaults.ts';
import type { Action, Attrs, Scheme } from '../../src/params/types.ts';
import type { RegionTuple } from './format.ts';
import { tableOf } from './unit-regions.ts';
import { VectorRandom } from './vector-random.ts';

const operations: Operations = {
  id: 'paddr',
  capabilities: () => [],
  priority: (action: Action) => (action === 'migrate_hot' ? 'hot' : 'cold'),
};

/** A context at the end of its first window, with one target and one scheme. */
export function contextOf(
  tuples: readonly RegionTuple[],
  scheme: Partial<Scheme> = {},
  attrs: Partial<Attrs> = {},
): { context: Context; scheme: RunningScheme } {
  const context = new Context(
    {
      operations: 'paddr',
      addrUnit: 1,
      minRegionSize: 4096,
      attrs: { ...DEFAULT_ATTRS, ...attrs },
      targets: [{ regions: [], obsolete: false }],
      probes: [],
      schemes: [],
      paused: false,
    },
    {
      operations,
      clock: new VirtualClock(),
      random: new VectorRandom(1),
      metrics: noMetrics,
    },
    {},
  );
  Object.assign(context.targets[0]!, { regions: tableOf(tuples) });
  const running = new RunningScheme({ action: 'stat', ...DEFAULT_SCHEME, ...scheme });
  context.schemes.push(running);
  return { context, scheme: running };
}
