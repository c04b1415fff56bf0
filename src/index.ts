/**
 * Thermocline's public API. Start with a monitor: `EngineMonitor` watches processes or a simulated
 * machine in real time, `VirtualMonitor` and `Simulation` run a simulated machine on virtual time.
 */
export {
  type Accuracy,
  type AccuracyScores,
  accuracyOf,
  addAccuracy,
  NO_ACCURACY,
  scoresOf,
  type TrueRate,
} from './analysis/accuracy.ts';
export { type Clock, monotonicClock, VirtualClock } from './base/clock.ts';
export { type ErrorCode, ThermoclineError } from './base/errors.ts';
export { KernelRandom, type Random } from './base/random.ts';
export {
  formatBytes,
  formatDuration,
  formatShare,
  parseBytes,
  parseDuration,
} from './base/units.ts';
export { Kdamond, type KdamondObserver, type KdamondOptions } from './core/kdamond.ts';
export { type Metrics, type NodeMemory, noMetrics } from './core/metrics.ts';
export {
  type Capability,
  type ChosenRegion,
  drawSamplingAddresses,
  type MonitoredTarget,
  type Operations,
  type OperationsContext,
  type Outcome,
  type Priority,
} from './core/operations.ts';
export type { RegionTable } from './core/region-table.ts';
export type { Roots } from './host/host.ts';
export { resolveRoots } from './host/linux/roots.ts';
export {
  type AccessSpec,
  type MachineSummary,
  type NodeSpec,
  type NodeSummary,
  type PhaseSpec,
  type ProcessSpec,
  type ProcessSummary,
  type ProcessTruth,
  parseScenario,
  type Scenario,
  SimulatedMachine,
  type TruthExtent,
  type VmaSpec,
} from './host/sim/index.ts';
export { EngineMonitor, type EngineMonitorOptions } from './monitor/engine-monitor.ts';
export type {
  MappingView,
  Monitor,
  MonitorCost,
  MonitorDescription,
  MonitorEnd,
  MonitorStats,
  Resolution,
} from './monitor/monitor.ts';
export type { OperationsSpec, SimSpec, SmapsSpec } from './monitor/operations-factory.ts';
export { Simulation, type SimulationOptions } from './monitor/simulation.ts';
export { VirtualMonitor } from './monitor/virtual-monitor.ts';
export { simOperations } from './ops/sim/index.ts';
export {
  ACTIONS,
  type AccessPattern,
  type Action,
  type AddressRange,
  type Attrs,
  type AttrsSpec,
  type Bound,
  type BoundRange,
  DEFAULT_ATTRS,
  DEFAULT_SCHEME,
  diffParams,
  type Filter,
  formatDamo,
  type Goal,
  type IntervalsGoal,
  MATCH_ALL,
  NO_QUOTA,
  NO_WATERMARKS,
  type OperationsId,
  type Params,
  type ParamsSpec,
  type Probe,
  paramsJsonSchema,
  parseKdamonds,
  parseKdamondsText,
  parseParams,
  parseParamsText,
  type Quota,
  resolveParams,
  type Scheme,
  type SchemeState,
  type SchemeStats,
  type Snapshot,
  type Target,
  validateParams,
  type Watermarks,
} from './params/index.ts';
