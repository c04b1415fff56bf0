/** `thermocline tier plan`: tiers, schemes in words, and the writes that would start them. */
import { formatBytes, formatShare } from '../../base/units.ts';
import type { TierFacts, TierNode } from '../../host/host.ts';
import type { Features } from '../../kernel/features.ts';
import { type SysfsWrite, stage } from '../../kernel/staging.ts';
import { describeScheme } from '../../params/format.ts';
import { type TierKnobs, type TierPlan, tierPlan } from '../../policies/tier.ts';
import { type Tier, tiersOf } from '../../policies/tiers.ts';

/** Everything that is printed of a plan. */
export interface ExplainedTierPlan extends TierPlan {
  readonly tiers: readonly Tier[];
  /** Of all kdamonds, one after the other; relative to DAMON's admin folder. */
  readonly writes: readonly SysfsWrite[];
}

/** Plans, and works out the writes: one kdamond for each context. */
export function explainTierPlan(
  knobs: TierKnobs,
  facts: TierFacts,
  features: Features,
): ExplainedTierPlan {
  const plan = tierPlan(knobs, facts);
  const writes = plan.contexts.flatMap(({ params }, slot) => stage(params, features, slot));
  return { ...plan, tiers: tiersOf(facts), writes };
}

/** The plan as lines. */
export function tierPlanLines({ tiers, contexts, notes, writes }: ExplainedTierPlan): string[] {
  return [
    ...tierLines(tiers),
    ...contexts.flatMap(({ nid, params }) =>
      params.schemes.map((scheme, index) => {
        const heading = index === 0 ? `node ${nid}` : '';
        return `${heading.padEnd(11)}${describeScheme(scheme, params.attrs)}`;
      }),
    ),
    ...notes.map((note, index) => `${(index === 0 ? 'notes' : '').padEnd(11)}${note}`),
    'would write below /sys/kernel/mm/damon/admin, after nr_kdamonds:',
    ...writes.map(({ path, text }) => `  echo ${text} > ${path}`),
  ];
}

/** One line for each node, fastest tier first. */
export function tierLines(tiers: readonly Tier[]): string[] {
  return tiers.flatMap(({ nodes, source }, tier) =>
    nodes.map((node) => `tier ${tier}     ${nodeText(node)} (by ${source})`),
  );
}

function nodeText(node: TierNode): string {
  const { nid, totalBytes, freeBytes, hasCpu, latencyNs, bandwidthBytesPerSecond } = node;
  const speed = [
    ...(latencyNs === null ? [] : [`${latencyNs} ns`]),
    ...(bandwidthBytesPerSecond === null
      ? []
      : [`${formatBytes(bandwidthBytesPerSecond)} a second`]),
  ];
  const processors = hasCpu ? '' : ', no processors';
  return (
    `node ${nid}: ${formatBytes(totalBytes)}, ${formatShare(freeBytes / Math.max(totalBytes, 1))} ` +
    `free${processors}${speed.map((text) => `, ${text}`).join('')}`
  );
}
