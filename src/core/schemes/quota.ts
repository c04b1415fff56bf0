import { multFrac, multFrac64, ULONG_MAX } from '../../base/arithmetic.ts';
import { WideCounter } from '../../base/wide-counter.ts';
import type { Bound, Quota } from '../../params/types.ts';
import type { MonitoredTarget } from '../operations.ts';
import { MAX_SCORE } from './score.ts';

/** Bytes a millisecond that an action is taken to handle before any was measured. */
const INITIAL_THROUGHPUT = 4096n * 1024n;

/** 2^64 - 1 for `max`, as the kernel has it. */
export function boundToBigInt(bound: Bound): bigint {
  return bound === 'max' ? ULONG_MAX : BigInt(bound);
}

/** What a scheme's quota has come to while running (spec 5.5, "state"). Sizes in core units. */
export class QuotaState {
  /** Size that may be worked on in one window; `effectiveSize` is the same as a double. */
  #exactEffectiveSize = 0n;
  effectiveSize = 0;
  /** Output of the goal tuner: the effective size in 1/10,000 of a byte. */
  effectiveSizeBp = 0n;
  /** Charged in the running window. */
  charged = 0;
  /** When the window began, in milliseconds of the clock; null before the first. */
  chargedFromMs: number | null = null;
  /** Charged in all finished windows. */
  readonly totalCharged: WideCounter = new WideCounter();
  /** Time spent on applying, the running window included. */
  readonly totalChargedNs: WideCounter = new WideCounter();
  /** Where the next pass goes on after a full quota; a null target: at the start. */
  cursorTarget: MonitoredTarget | null = null;
  cursorAddress = 0;
  /** Regions below this score are passed over. */
  minScore = 0;
  /** Bytes of matching regions by score. */
  readonly histogram: Float64Array = new Float64Array(MAX_SCORE + 1);

  get exactEffectiveSize(): bigint {
    return this.#exactEffectiveSize;
  }

  set exactEffectiveSize(size: bigint) {
    this.#exactEffectiveSize = size;
    this.effectiveSize = Number(size);
  }

  isSet(quota: Quota): boolean {
    return (
      this.effectiveSize !== 0 ||
      quota.sizeBytes !== 0 ||
      quota.timeMs !== 0 ||
      quota.goals.length > 0
    );
  }

  isFull(quota: Quota, minRegionSize: number): boolean {
    return this.isSet(quota) && isQuotaFull(this.charged, this.effectiveSize, minRegionSize);
  }

  clearCursor(): void {
    this.cursorTarget = null;
    this.cursorAddress = 0;
  }
}

/** Whether not even the smallest region fits any more. */
export function isQuotaFull(
  charged: number,
  effectiveSize: number,
  minRegionSize: number,
): boolean {
  return charged >= effectiveSize || effectiveSize - charged < minRegionSize;
}

/**
 * What working on `size` is charged, when the action succeeded on `applied` of it (spec 5.5,
 * "charge"): failures may count less.
 */
export function quotaCharge(
  size: number,
  applied: number,
  failChargeNumerator: number,
  failChargeDenominator: number,
): number {
  if (failChargeDenominator === 0 || applied > size) return size;
  return applied + multFrac(size - applied, failChargeNumerator, failChargeDenominator);
}

/**
 * The effective size from the limits of size and time and from what the goals allow (spec 5.5,
 * "esz").
 * @param goalSize what the goal tuner allows, or null without goals
 */
export function effectiveSize(
  quota: Pick<Quota, 'sizeBytes' | 'timeMs'>,
  goalSize: bigint | null,
  totalCharged: bigint,
  totalChargedNs: bigint,
  minRegionSize: number,
): bigint {
  const sizeLimit = boundToBigInt(quota.sizeBytes);
  if (quota.timeMs === 0 && goalSize === null) return sizeLimit;
  let size = goalSize ?? ULONG_MAX;
  if (quota.timeMs !== 0) {
    const throughput =
      totalChargedNs === 0n
        ? INITIAL_THROUGHPUT
        : multFrac64(totalCharged, 1_000_000n, totalChargedNs);
    const inTime = BigInt.asUintN(64, throughput * BigInt(quota.timeMs));
    const floor = BigInt(minRegionSize);
    const timeLimit = inTime > floor ? inTime : floor;
    if (timeLimit < size) size = timeLimit;
  }
  return sizeLimit !== 0n && sizeLimit < size ? sizeLimit : size;
}

/**
 * The lowest score that still gets a share of the quota: counted from the highest down, the first
 * at which the sizes together reach it (spec 5.5, step 4).
 */
export function minScoreFor(
  histogram: Float64Array,
  highestScore: number,
  effectiveSizeOfQuota: number,
): number {
  let size = 0;
  for (let score = highestScore; score > 0; score--) {
    size += histogram[score]!;
    if (size >= effectiveSizeOfQuota) return score;
  }
  return 0;
}
