import { formatDuration, formatShare } from '../base/units.ts';
import type { Attrs } from '../params/types.ts';

/** Share of one CPU that monitoring may use unless the user says otherwise. */
export const DEFAULT_CPU_CEILING = 0.01;

/**
 * Clearing referenced bits stalls the watched process, so it gets a share of wall time of its own.
 */
const CLEARING_CEILING = 0.01;
const LONGEST_CLEARING_US = 20_000;

/** The sampling interval is never stretched more times than this. */
const MAX_STRETCH = 64;

/** Shortest time over which a share is measured. */
const PERIOD_US = 1_000_000;

/** Where a change aims, as a part of the ceiling, so that the next measurement lies below it. */
const AIM = 0.8;
/** Below this part of the ceiling the interval recovers; the gap up to 1 keeps it from swinging. */
const RECOVER_BELOW = 0.5;

/** The running totals that a ceiling is decided on. */
export interface CostReading {
  readonly nowUs: number;
  /** CPU time that monitoring has used so far. */
  readonly cpuUs: number;
  /** Sampling interval in force. */
  readonly sampleIntervalUs: number;
  /** Shortest sampling interval that the user asked for. */
  readonly askedIntervalUs: number;
}

/**
 * Keeps the cost of monitoring under a share of one CPU by deciding how short a sampling interval
 * may be. It only computes: whoever monitors measures, and puts the decision into force.
 *
 * Cost is taken to be inverse to the sampling interval, so one measurement says which interval
 * would meet the aim. Above the ceiling that interval is taken at once; far below it, the interval
 * falls back towards the one that was asked for, by half at most in one period.
 */
export class CostCeiling {
  readonly ceiling: number;
  #leastIntervalUs = 0;
  #sinceUs = Number.NaN;
  #cpuAtStartUs = 0;
  #clearedUs = 0;
  #clearings = 0;
  #lastShare = 0;
  #aboveAtLimit = false;
  #meanClearingUs = 0;

  /** @param ceiling share of one CPU, above 0 */
  constructor(ceiling: number = DEFAULT_CPU_CEILING) {
    this.ceiling = ceiling;
  }

  /** The shortest sampling interval that can be afforded; 0 while any can. */
  get leastIntervalUs(): number {
    return this.#leastIntervalUs;
  }

  /** Notes how long one clearing of referenced bits took. */
  addClearing(durationUs: number): void {
    this.#clearedUs += durationUs;
    this.#clearings += 1;
  }

  /** Begins a measuring period, leaving out what was used before. */
  begin(nowUs: number, cpuUs: number): void {
    this.#sinceUs = nowUs;
    this.#cpuAtStartUs = cpuUs;
    this.#clearedUs = 0;
    this.#clearings = 0;
  }

  /**
   * To be called at the end of aggregation intervals: decides anew once a period is over.
   * @returns whether `leastIntervalUs` has changed
   */
  update(reading: CostReading): boolean {
    const wallUs = reading.nowUs - this.#sinceUs;
    if (!(wallUs >= PERIOD_US)) return false;
    this.#lastShare = (reading.cpuUs - this.#cpuAtStartUs) / wallUs;
    this.#meanClearingUs = this.#clearings === 0 ? 0 : this.#clearedUs / this.#clearings;
    const cpuLoad = this.#lastShare / this.ceiling;
    const clearingLoad = this.#clearedUs / wallUs / CLEARING_CEILING;
    // A clearing that takes too long can't be made shorter from here, only as rare as possible.
    const tooLong = this.#meanClearingUs > LONGEST_CLEARING_US;
    const load = tooLong ? Infinity : Math.max(cpuLoad, clearingLoad);
    this.begin(reading.nowUs, reading.cpuUs);
    const before = this.#leastIntervalUs;
    this.#leastIntervalUs = this.#decide(load, reading);
    return this.#leastIntervalUs !== before;
  }

  /** Share of one CPU over the running period, or over the last one while this one is young. */
  cpuShare(nowUs: number, cpuUs: number): number {
    const wallUs = nowUs - this.#sinceUs;
    return wallUs >= PERIOD_US ? (cpuUs - this.#cpuAtStartUs) / wallUs : this.#lastShare;
  }

  /** Sentences about limits that can't be kept; empty when all is well. */
  warnings(): string[] {
    const warnings: string[] = [];
    if (this.#meanClearingUs > LONGEST_CLEARING_US) {
      warnings.push(
        `Clearing referenced bits takes ${formatDuration(this.#meanClearingUs)} each time, more than ` +
          `${formatDuration(LONGEST_CLEARING_US)}, and delays the watched processes; watch fewer or ` +
          'smaller ones.',
      );
    } else if (this.#aboveAtLimit) {
      warnings.push(
        `Monitoring still costs too much (${formatShare(this.#lastShare)} of one CPU, the ceiling is ` +
          `${formatShare(this.ceiling)}) with the sampling interval stretched ${MAX_STRETCH} times; ` +
          'ask for a longer one, or for fewer regions or processes.',
      );
    }
    return warnings;
  }

  #decide(load: number, { sampleIntervalUs, askedIntervalUs }: CostReading): number {
    const leastUs = this.#leastIntervalUs;
    const limitUs = askedIntervalUs * MAX_STRETCH;
    this.#aboveAtLimit = load > 1 && leastUs >= limitUs;
    const recovering = load < RECOVER_BELOW && leastUs > askedIntervalUs;
    if (load <= 1 && !recovering) return leastUs;
    const aimUs = (sampleIntervalUs * load) / AIM;
    const lowestUs = recovering ? leastUs / 2 : leastUs;
    const nextUs = Math.min(Math.max(aimUs, lowestUs), limitUs);
    return nextUs > askedIntervalUs ? Math.ceil(nextUs) : 0;
  }
}

/** The shortest sampling interval that `attrs` asks for: auto-tuning may go down to its minimum. */
export function shortestSampleIntervalUs(attrs: Attrs): number {
  const { aggregations, minSampleIntervalUs } = attrs.intervalsGoal;
  return Math.max(1, aggregations === 0 ? attrs.sampleIntervalUs : minSampleIntervalUs);
}

/**
 * `asked` with no sampling interval below `leastIntervalUs`, the number of samples in an
 * aggregation interval kept. Where intervals are auto-tuned, that raises the lower bound of tuning.
 * @param currentIntervalUs where auto-tuning goes on from
 */
export function stretchAttrs(
  asked: Attrs,
  leastIntervalUs: number,
  currentIntervalUs: number = asked.sampleIntervalUs,
): Attrs {
  const goal = asked.intervalsGoal;
  if (goal.aggregations === 0) {
    return withSampleInterval(asked, Math.max(asked.sampleIntervalUs, leastIntervalUs));
  }
  const { maxSampleIntervalUs } = goal;
  const minSampleIntervalUs = Math.min(
    Math.max(goal.minSampleIntervalUs, leastIntervalUs),
    maxSampleIntervalUs,
  );
  const sampleIntervalUs = Math.min(
    Math.max(currentIntervalUs, minSampleIntervalUs),
    maxSampleIntervalUs,
  );
  const intervalsGoal = { ...goal, minSampleIntervalUs };
  return { ...withSampleInterval(asked, sampleIntervalUs), intervalsGoal };
}

function withSampleInterval(asked: Attrs, sampleIntervalUs: number): Attrs {
  if (sampleIntervalUs === asked.sampleIntervalUs) return asked;
  const samples = asked.aggregationIntervalUs / Math.max(1, asked.sampleIntervalUs);
  // Less a little, so that the error of the division doesn't add a microsecond.
  const aggregationIntervalUs = Math.ceil(sampleIntervalUs * samples - 1e-4);
  return { ...asked, sampleIntervalUs, aggregationIntervalUs };
}
