export type { AcmaSpec, PoolDemand } from './acma-spec.ts';
export type { PageRange } from './actions.ts';
export { Balloon } from './balloon.ts';
export { bestPlacement } from './best-placement.ts';
export type { SimCgroup } from './cgroups.ts';
export { reclaimUnneeded } from './clairvoyant.ts';
export { runsWithin } from './frame-index.ts';
export { hash32 } from './hash.ts';
export { SimulatedMachine } from './machine.ts';
export { freePages } from './memory.ts';
export { PAGE_SIZE } from './page.ts';
export { type Mix, remainingMix } from './population.ts';
export type { SimProcess, SimVma } from './process.ts';
export type { MappedRun } from './sample-map.ts';
export { SampleMap } from './sample-map.ts';
export type {
  AccessSpec,
  KernelSpec,
  NodeSpec,
  PhaseSpec,
  ProcessSpec,
  Scenario,
  VmaSpec,
} from './scenario.ts';
export { COMPRESSION_RATIO, parseScenario, SWAP_LATENCY_US } from './scenario.ts';
export type { Segment } from './segments.ts';
export { segmentsOf, youngUse } from './segments.ts';
export type { MachineSummary, NodeSummary, ProcessSummary } from './summary.ts';
export { simulatedTierFacts } from './tier-facts.ts';
export type { ProcessTruth, TruthExtent } from './truth.ts';
