import type { Clock } from '../base/clock.ts';
import type { Metrics } from '../core/metrics.ts';
import type { Operations } from '../core/operations.ts';
import type { MappingView, MonitorDescription } from './monitor.ts';

/** An operations set with all that a driver must know of it besides the core's contract. */
export interface MonitoringSet {
  readonly operations: Operations;
  readonly metrics: Metrics;
  /** Times the work of schemes; absent where the monitor's own clock does. */
  readonly workClock?: Clock;
  readonly description: MonitorDescription;
  /** A simulated machine lives until `nowUs`; absent where the world moves by itself. */
  advanceTo?(nowUs: number): void;
  /** Absent where mappings are not known. */
  mappings?(): readonly MappingView[];
  /**
   * Microseconds that the last clearing of referenced bits took; absent where nothing is cleared.
   */
  lastClearUs?(): number;
  /** Processes to be watched by now; absent where the targets are those of the parameters. */
  pids?(): readonly number[];
  /** Sentences that are true at present and no part of the description. */
  warnings?(): readonly string[];
  /** Absent unless acting is a dry run. */
  dryRunCalls?(): readonly string[];
}
