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
export { type AddressArea, AddressAreas, hottestArea } from './analysis/address-areas.ts';
export { AllSnapshots, type SnapshotGroup } from './analysis/all-snapshots.ts';
export { Footprints, type FootprintsByPid } from './analysis/footprints.ts';
export {
  type HeatGrid,
  HeatMap,
  type HeatMapAnswer,
  type HeatMapOptions,
  type HeatUnit,
} from './analysis/heat-map.ts';
export {
  bandwidthOf,
  idleTimeUs,
  type RatedRegion,
  type RegionFigures,
  type RegionWeight,
  regionValues,
} from './analysis/idle-time.ts';
export type { Instant } from './analysis/instants.ts';
export { type KeptSnapshot, LastSnapshots } from './analysis/last-snapshots.ts';
export { MappingNames, type NamedMappings } from './analysis/mapping-names.ts';
export { ofSeries, ofTarget, skipping } from './analysis/narrowed.ts';
export { PatternTimes, type SeenTime } from './analysis/pattern-times.ts';
export {
  averageOf,
  type Percentiles,
  percentileOf,
  percentilesOf,
} from './analysis/percentiles.ts';
export { type Answers, ask, type Question } from './analysis/question.ts';
export {
  comparedMaps,
  type HeatChange,
  heatChanges,
  joinedAreas,
} from './analysis/recording-diff.ts';
export {
  RecordingInfo,
  type RecordingSummary,
  type SeriesInfo,
} from './analysis/recording-info.ts';
export { RegionCounts } from './analysis/region-counts.ts';
export { SecondLook } from './analysis/second-look.ts';
export {
  type Bounds,
  filtered,
  NO_FILTER,
  type SnapshotFilter,
  type TimePoint,
} from './analysis/snapshot-filter.ts';
export {
  DEFAULT_WEIGHTS,
  type TemperatureWeights,
  temperatureOf,
} from './analysis/temperature.ts';
export {
  type HistogramBucket,
  type WeightedValues,
  weightedHistogram,
  weightedPercentiles,
} from './analysis/weighted-distribution.ts';
export {
  WorkingSet,
  type WorkingSetAnswer,
  type WorkingSetOptions,
  workingSetValues,
} from './analysis/working-set.ts';
export { type Clock, monotonicClock, VirtualClock } from './base/clock.ts';
export { type ErrorCode, ThermoclineError } from './base/errors.ts';
export { toJsonNumber } from './base/json-number.ts';
export { KernelRandom, type Random } from './base/random.ts';
export {
  formatBytes,
  formatDuration,
  formatShare,
  parseBytes,
  parseDuration,
} from './base/units.ts';
export { nodeCodec, openFile } from './cli/record-files.ts';
export { AccessRecording, type RecordedAccess } from './cli/whatif/recorded-access.ts';
export { LinuxLoopHost } from './control/linux-loop-host.ts';
export { DEFAULT_LIMITS, type LoopLimits, type Verdict } from './control/loop-guards.ts';
export type { LoopHost, LoopTotals } from './control/loop-host.ts';
export {
  firstParams,
  type LoopMode,
  type LoopReport,
  PolicyLoop,
  type PolicyLoopOptions,
} from './control/policy-loop.ts';
export { SimLoopHost, simFacts } from './control/sim-loop-host.ts';
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
export {
  KernelMonitor,
  type KernelMonitorOptions,
  type KernelSpec,
} from './monitor/kernel-monitor.ts';
export type {
  MappingView,
  Monitor,
  MonitorCost,
  MonitorDescription,
  MonitorEnd,
  MonitorStats,
  Resolution,
} from './monitor/monitor.ts';
export { type MonitorSpec, type OpenMonitorOptions, openMonitor } from './monitor/open-monitor.ts';
export type { OperationsSpec, SimSpec, SmapsSpec } from './monitor/operations-factory.ts';
export { Simulation, type SimulationOptions } from './monitor/simulation.ts';
export { VirtualMonitor } from './monitor/virtual-monitor.ts';
export {
  PatternBuilder,
  type PatternSnapshot,
  patternOf,
  type RecordedPattern,
  type TargetPattern,
} from './ops/replay/recorded-pattern.ts';
export {
  Replay,
  type ReplayMoment,
  type ReplayOptions,
  type ReplayResult,
} from './ops/replay/replay.ts';
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
export {
  type Aim,
  type Measurement,
  parseAim,
  type Score,
  type WatchedAim,
} from './policies/aim.ts';
export { explain, explanationLines } from './policies/explain.ts';
export { lruSort } from './policies/lru-sort.ts';
export {
  type Knobs,
  type Part,
  type Policy,
  type PolicyFacts,
  type PolicyPlan,
  presetKnobs,
  type Subject,
} from './policies/policy.ts';
export { reclaim } from './policies/reclaim.ts';
export { stat } from './policies/stat.ts';
export { readRecording } from './record/open.ts';
export type {
  ByteSource,
  Codec,
  Footprint,
  ItemSource,
  RecordedMapping,
  RecordFormat,
  RecordItem,
  RecordingOrigin,
  Series,
  SeriesIntervals,
  SeriesSnapshot,
} from './record/recording.ts';
export { TcrWriter } from './record/tcr-writer.ts';
