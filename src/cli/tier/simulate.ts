/** `thermocline tier simulate`: the same contexts on a simulated machine, beside no tiering. */
import { VirtualClock } from '../../base/clock.ts';
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import type { TierFacts } from '../../host/host.ts';
import {
  type MachineSummary,
  parseScenario,
  type Scenario,
  SimulatedMachine,
  simulatedTierFacts,
} from '../../host/sim/index.ts';
import { JointSimulation } from '../../monitor/joint-simulation.ts';
import { type TierKnobs, tierPlan } from '../../policies/tier.ts';
import { tiersOf } from '../../policies/tiers.ts';

/** What came of a run, with the policy and without. */
export interface TierSimulation {
  readonly scenario: string;
  readonly notes: readonly string[];
  readonly without: MachineSummary;
  readonly with: MachineSummary;
}

/** Latencies where the firmware tells none, by place in the order of tiers. */
const LATENCY_NS = 100;

/** Accesses a second to a page of the copy, on average. */
const MAX_PAGE_RATE = 3.2;

/**
 * A machine of the same nodes, of which nine tenths are full: cold memory came first and lies in
 * the fast nodes, and a hot tenth came last and lies in the slowest.
 */
export function copyOfMachine(facts: TierFacts): Scenario {
  const tiers = tiersOf(facts);
  const withMemory = tiers.flatMap(({ nodes }) => nodes);
  const pages = (bytes: number) => Math.floor(bytes / 4096) * 4096;
  const total = withMemory.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
  const written = withMemory.map((node, place) => {
    const latencyNs = node.latencyNs ?? LATENCY_NS * (place + 1);
    const tier = tiers.findIndex(({ nodes }) => nodes.includes(node));
    const bandwidth = node.bandwidthBytesPerSecond ?? 0;
    return (
      `  - { sizeBytes: ${pages(node.totalBytes)}, latencyNs: ${latencyNs}, ` +
      `bandwidthBytesPerSecond: ${bandwidth}, tier: ${tier} }`
    );
  });
  // Ten million accesses a second, nine of ten to the hot tenth; on small machines fewer, since
  // nothing would be cold where each page is accessed several times a second.
  const rate = Math.min(MAX_PAGE_RATE, 1e7 / (total / 4096));
  return parseScenario(
    `durationMs: 120 s
nodes:
${written.join('\n')}
kernel: { demotion: true }
processes:
  - name: data
    vmas: [{ name: data, sizeBytes: ${pages(total * 0.9)} }]
    accesses:
      - { vma: data, pattern: uniform, ratePerSecond: ${rate / 10} }
      - { vma: data, pattern: uniform, from: 0.88, to: 0.98, ratePerSecond: ${rate * 9} }
`,
    "a copy of this machine's nodes",
  );
}

/** Runs a scenario with the policy and without; `progress` is told of the share that is done. */
export function simulateTiers(
  scenario: Scenario,
  source: string,
  knobs: TierKnobs,
  progress: (share: number) => void,
): TierSimulation {
  const facts = simulatedTierFacts(new SimulatedMachine(scenario, new VirtualClock()));
  const { contexts, notes } = tierPlan(knobs, facts);
  const run = (params: typeof contexts, from: number) => {
    const simulation = new JointSimulation({
      scenario,
      contexts: params.map((context) => context.params),
      seed: scenario.seed,
    });
    const stepUs = Math.max(1, Math.ceil(scenario.durationUs / 100));
    for (let timeUs = 0; timeUs < scenario.durationUs; ) {
      timeUs = Math.min(scenario.durationUs, timeUs + stepUs);
      simulation.runUntil(timeUs);
      progress(from + timeUs / scenario.durationUs / 2);
    }
    return simulation.machine.summary();
  };
  return { scenario: source, notes, without: run([], 0), with: run(contexts, 0.5) };
}

/** The result as lines. */
export function tierSimulationLines(result: TierSimulation): string[] {
  const { scenario, notes, without, with: tiered } = result;
  const fastest = Math.min(...tiered.nodes.map(({ tier }) => tier));
  const fastShare = ({ nodes }: MachineSummary) =>
    nodes.reduce((sum, node) => sum + (node.tier === fastest ? node.accessShare : 0), 0);
  const moved = tiered.promotedBytes + tiered.demotedBytes;
  return [
    `simulated  ${formatDuration(tiered.timeUs)} of ${scenario}`,
    ...tiered.processes.map(
      ({ name, throughput }, index) =>
        `${(index === 0 ? 'speed' : '').padEnd(11)}${name}: ${formatShare(throughput)} of full speed, ` +
        `${formatShare(without.processes[index]!.throughput)} without tiering`,
    ),
    `fast hits  ${formatShare(fastShare(tiered))} of all accesses, ${formatShare(fastShare(without))} without`,
    `moved      ${formatBytes(tiered.promotedBytes)} up, ${formatBytes(tiered.demotedBytes)} down, ` +
      `${formatBytes(tiered.busiestSecondBytes)} in the busiest second, ` +
      `${formatShare(tiered.pingPongBytes / Math.max(moved, 1))} in vain`,
    ...tiered.nodes.map(
      ({ nid, usedBytes, totalBytes }) =>
        `node ${nid}     ${formatShare(1 - usedBytes / totalBytes)} free at the end`,
    ),
    ...notes.map((note, index) => `${(index === 0 ? 'notes' : '').padEnd(11)}${note}`),
  ];
}
