import { multFrac64, ULONG_MAX } from '../../base/arithmetic.ts';
import type { Goal, GoalTuner, Quota } from '../../params/types.ts';
import { feedbackLoop } from '../feedback-loop.ts';
import type { Metrics } from '../metrics.ts';
import { boundToBigInt } from './quota.ts';

const FULL_BP = 10_000n;

/** What a goal has measured while running. */
export interface GoalState {
  currentValue: bigint;
  /** Pressure total of the last measurement; null: none since the last commit. */
  lastPressureUs: number | null;
}

/** Everything that measuring a goal may look at. */
export interface GoalSources {
  readonly metrics: Metrics;
  /**
   * Bytes of regions that match the scheme's pattern, on one node, or on all for -1; null where the
   * operations set can't tell.
   */
  eligibleBytes(nid: number): number | null;
}

/** A goal before anything was measured. */
export function newGoalState(goal: Goal): GoalState {
  return { currentValue: BigInt(goal.currentValue), lastPressureUs: null };
}

/**
 * Measures the goals and tunes the size that a quota allows, in 1/10,000 (spec 5.5, "goal score"
 * and tuners).
 * @param lastSizeBp the tuner's last result
 * @param effectiveSize the quota's effective size so far
 */
export function tuneByGoals(
  quota: Quota,
  goals: readonly GoalState[],
  lastSizeBp: bigint,
  effectiveSize: bigint,
  sources: GoalSources,
): bigint {
  let score = 0n;
  for (const [index, goal] of quota.goals.entries()) {
    const state = goals[index]!;
    measureGoal(goal, state, quota.goalTuner, effectiveSize, sources);
    const achieved = achievedBp(goal, state.currentValue);
    // The goal that is closest to its aim rules: it makes the scheme least aggressive.
    if (achieved > score) score = achieved;
  }
  if (quota.goalTuner === 'consist') {
    return feedbackLoop(lastSizeBp > FULL_BP ? lastSizeBp : FULL_BP, score);
  }
  if (score >= FULL_BP) return 0n;
  const size = boundToBigInt(quota.sizeBytes);
  return size !== 0n && size <= ULONG_MAX / FULL_BP ? size * FULL_BP : ULONG_MAX;
}

/**
 * How far a goal is met, 10,000 where it just is. A falling one is the mirror image: it is met when
 * the metric has come down to the target, so that the loop gives more while the metric is above.
 */
function achievedBp({ targetValue, direction }: Goal, currentValue: bigint): bigint {
  const target = BigInt(targetValue);
  if (direction !== 'falling') return multFrac64(currentValue, FULL_BP, target);
  return currentValue === 0n ? ULONG_MAX : multFrac64(target, FULL_BP, currentValue);
}

function measureGoal(
  goal: Goal,
  state: GoalState,
  tuner: GoalTuner,
  effectiveSize: bigint,
  sources: GoalSources,
): void {
  if (goal.metric === 'user_input') return;
  if (goal.metric === 'some_mem_psi_us') {
    measurePressure(goal, state, tuner, effectiveSize, sources.metrics);
    return;
  }
  state.currentValue = BigInt(measureShareBp(goal, sources));
}

/** The first measurement has nothing to compare with: it must not change what the tuner does. */
function measurePressure(
  goal: Goal,
  state: GoalState,
  tuner: GoalTuner,
  effectiveSize: bigint,
  metrics: Metrics,
): void {
  const totalUs = metrics.someMemoryPressureUs();
  if (state.lastPressureUs !== null) {
    state.currentValue = BigInt(totalUs - state.lastPressureUs);
  } else {
    const atGoal = tuner === 'consist' || effectiveSize === 0n;
    const target = BigInt(goal.targetValue);
    const farFromGoal = goal.direction === 'falling' ? 2n * target : 0n;
    state.currentValue = atGoal ? target : farFromGoal;
  }
  state.lastPressureUs = totalUs;
}

function measureShareBp(goal: Goal, { metrics, eligibleBytes }: GoalSources): number {
  const nid = goal.nid ?? -1;
  switch (goal.metric) {
    case 'node_mem_used_bp':
    case 'node_mem_free_bp': {
      const node = metrics.nodeMemory(nid);
      const wantsUsed = goal.metric === 'node_mem_used_bp';
      if (node === null) return wantsUsed ? 0 : 10_000;
      return shareOfNodeBp(node.total - node.free, node.total, wantsUsed);
    }
    case 'node_memcg_used_bp':
    case 'node_memcg_free_bp': {
      const node = metrics.nodeMemory(nid);
      const used = metrics.cgroupMemoryOnNode(goal.memcgPath ?? '', nid);
      const wantsUsed = goal.metric === 'node_memcg_used_bp';
      if (node === null || used === null) return wantsUsed ? 0 : 10_000;
      return shareOfNodeBp(used, node.total, wantsUsed);
    }
    case 'active_mem_bp':
    case 'inactive_mem_bp': {
      const active = metrics.activeMemory();
      const inactive = metrics.inactiveMemory();
      const part = goal.metric === 'active_mem_bp' ? active : inactive;
      return shareBp(part, Math.max(active + inactive, 1));
    }
    case 'node_eligible_mem_bp': {
      // Without a node nothing lies on it; -1 asks for all of them below.
      const all = nid < 0 ? 0 : (eligibleBytes(-1) ?? 0);
      return all === 0 ? 0 : shareBp(eligibleBytes(nid) ?? 0, all);
    }
    default:
      return 0;
  }
}

/** A node whose figures make no sense counts as full, so that nothing is pushed onto it. */
function shareOfNodeBp(used: number, total: number, wantsUsed: boolean): number {
  if (total === 0 || used < 0 || used > total) return wantsUsed ? 10_000 : 0;
  return shareBp(wantsUsed ? used : total - used, total);
}

function shareBp(part: number, total: number): number {
  return Number(multFrac64(BigInt(part), FULL_BP, BigInt(total)));
}
