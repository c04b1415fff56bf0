import { alignDown } from '../../base/arithmetic.ts';
import type { Context, RunningTarget } from '../context.ts';
import { movingSum } from '../moving-sum.ts';
import type { ChosenRegion, MonitoredTarget, Outcome } from '../operations.ts';
import type { RegionTable } from '../region-table.ts';
import { regionSizeLimit } from '../split.ts';
import { matchesPattern } from './access-pattern.ts';
import { adjustQuota, regionScore } from './adjust-quota.ts';
import { filterAtCursor } from './filters.ts';
import { quotaCharge } from './quota.ts';
import type { RunningScheme } from './running-scheme.ts';
import type { WalkSlot } from './walk.ts';

/** The same object in every call of an operations set; nobody but the set looks at it. */
class ReusedRegion {
  target!: MonitoredTarget;
  start = 0;
  end = 0;
  scheme!: RunningScheme['scheme'];
  schemeIndex = 0;
  allowedByCore = false;
  rejectUnmatched = false;
}

/** Applies the schemes of one context (spec 5.3, 5.4). */
export class SchemesPass {
  readonly #context: Context;
  readonly #walks: WalkSlot;
  readonly #region: ReusedRegion = new ReusedRegion();
  readonly #outcome: Outcome = { applied: 0, filterPassed: 0 };
  /** Weight of the last window in moving sums; one for the whole pass. */
  #lastShareBp = 0;

  constructor(context: Context, walks: WalkSlot) {
    this.#context = context;
    this.#walks = walks;
  }

  /** One tick: does nothing but compare numbers unless a scheme is due. */
  run(): void {
    if (!this.#anyDue()) return;
    const context = this.#context;
    this.#lastShareBp = context.lastWindowShareBp();
    let anyActive = false;
    for (const scheme of context.schemes) {
      if (!isDue(context, scheme) || !scheme.active) continue;
      adjustQuota(context, scheme, this.#lastShareBp);
      anyActive = true;
    }
    // Schemes that are due but off stay due.
    if (!anyActive) return;
    this.#applyToRegions();
    this.#finish();
  }

  #anyDue(): boolean {
    const { schemes, tick } = this.#context;
    for (let index = 0; index < schemes.length; index++) {
      if (tick >= schemes[index]!.nextApply) return true;
    }
    return false;
  }

  #applyToRegions(): void {
    const context = this.#context;
    const { minNrRegions } = context.attrs;
    const limit = regionSizeLimit(context.totalSize, minNrRegions, context.minRegionSize);
    for (const target of context.targets) {
      if (!context.targetValid(target)) {
        context.clearCursorsTo(target);
        continue;
      }
      const { regions } = target;
      regions.beginWalk();
      while (regions.walking()) {
        for (let index = 0; index < context.schemes.length; index++) {
          this.#applyScheme(context.schemes[index]!, index, target);
        }
        // What a quota or a filter has cut apart goes together again if nothing tells it apart.
        if (equalsPrevious(regions, limit)) regions.mergeIntoPrevious();
        else regions.advance();
      }
      regions.endWalk();
    }
  }

  /** One scheme on the region at the cursor. */
  #applyScheme(scheme: RunningScheme, schemeIndex: number, target: RunningTarget): void {
    const context = this.#context;
    const { minRegionSize } = context;
    const { quota } = scheme;
    const { regions } = target;
    if (!isDue(context, scheme) || !scheme.active) return;
    if (quota.isFull(scheme.scheme.quota, minRegionSize)) return;
    if (quota.cursorTarget !== null && skipsToCursor(scheme, target, minRegionSize)) return;
    const { maxNrSnapshots } = scheme.scheme;
    if (maxNrSnapshots !== 0 && scheme.nrSnapshots >= maxNrSnapshots) return;
    if (this.#isWanted(scheme, regions)) this.#applyAtCursor(scheme, schemeIndex, target);
    if (regions.atLast()) scheme.nrSnapshots += 1;
  }

  #isWanted(scheme: RunningScheme, regions: RegionTable): boolean {
    const row = regions.cursor;
    const nrAccesses = this.#movingSum(regions, row);
    if (!matchesPattern(scheme.limits, regions.size(row), nrAccesses, regions.age[row]!))
      return false;
    const context = this.#context;
    if (!context.operations.priority || !scheme.quota.isSet(scheme.scheme.quota)) return true;
    return regionScore(context, scheme, nrAccesses, regions.age[row]!) >= scheme.quota.minScore;
  }

  #applyAtCursor(scheme: RunningScheme, schemeIndex: number, target: RunningTarget): void {
    const context = this.#context;
    const { regions } = target;
    const { quota } = scheme;
    const { minRegionSize } = context;
    const quotaParams = scheme.scheme.quota;
    const size = regions.size(regions.cursor);
    if (quota.isSet(quotaParams) && quota.charged + size > quota.effectiveSize) {
      const affordable = alignDown(quota.effectiveSize - quota.charged, minRegionSize);
      if (affordable === 0) {
        scheme.countTried(0, 0, 0);
        return;
      }
      regions.splitAtCursor(affordable);
    }
    const verdict = filterAtCursor(scheme.layers, regions, target.index, minRegionSize);
    if (verdict === 'rejected') return;

    const row = regions.cursor;
    const chosenSize = regions.size(row);
    this.#callOperations(scheme, schemeIndex, target, verdict === 'allowed');
    const { applied, filterPassed } = this.#outcome;
    const { failChargeNumerator, failChargeDenominator } = quotaParams;
    quota.charged += quotaCharge(chosenSize, applied, failChargeNumerator, failChargeDenominator);
    if (quota.isFull(quotaParams, minRegionSize)) {
      quota.cursorTarget = target;
      quota.cursorAddress = regions.end[row]!;
    }
    if (scheme.scheme.action !== 'stat') regions.age[row] = 0;
    scheme.countTried(chosenSize, applied, filterPassed);
  }

  #callOperations(
    scheme: RunningScheme,
    schemeIndex: number,
    target: RunningTarget,
    allowedByCore: boolean,
  ): void {
    const context = this.#context;
    const { regions } = target;
    const row = regions.cursor;
    const region = this.#region;
    const outcome = this.#outcome;
    region.target = target;
    region.start = regions.start[row]!;
    region.end = regions.end[row]!;
    region.scheme = scheme.scheme;
    region.schemeIndex = schemeIndex;
    region.allowedByCore = allowedByCore;
    region.rejectUnmatched = scheme.layers.operationsRejectUnmatched;
    outcome.applied = 0;
    outcome.filterPassed = 0;
    const nrAccesses = this.#movingSum(regions, row);
    const age = regions.age[row]!;

    const beganUs = context.workClock.nowUs();
    context.operations.apply?.(context, region as ChosenRegion, outcome);
    const workedNs = Math.round((context.workClock.nowUs() - beganUs) * 1000);
    scheme.quota.totalChargedNs.add(workedNs);

    context.observer.applied?.(region as ChosenRegion, outcome, nrAccesses, age);
    if (!scheme.walkCompleted) {
      const { start, end } = region;
      this.#walks.current?.region(
        schemeIndex,
        target,
        start,
        end,
        nrAccesses,
        age,
        outcome.filterPassed,
      );
    }
  }

  /** After the pass: the walk moves on, and due schemes get their next time. */
  #finish(): void {
    const context = this.#context;
    const { schemes } = context;
    for (let index = 0; index < schemes.length; index++) {
      const scheme = schemes[index]!;
      if (!isDue(context, scheme)) continue;
      this.#completeWalkOf(scheme);
      context.scheduleScheme(scheme);
      context.operations.passEnded?.(index);
    }
  }

  #completeWalkOf(scheme: RunningScheme): void {
    if (!this.#walks.busy) return;
    scheme.walkCompleted = true;
    const { schemes } = this.#context;
    if (schemes.some((other) => !other.walkCompleted)) return;
    for (const other of schemes) other.walkCompleted = false;
    this.#walks.end(true);
  }

  #movingSum(regions: RegionTable, row: number): number {
    return movingSum(regions.nrAccesses[row]!, regions.lastNrAccesses[row]!, this.#lastShareBp);
  }
}

function isDue(context: Context, scheme: RunningScheme): boolean {
  return context.tick >= scheme.nextApply;
}

function equalsPrevious(regions: RegionTable, limit: number): boolean {
  const previous = regions.previous();
  if (previous < 0) return false;
  const row = regions.cursor;
  return (
    regions.end[previous] === regions.start[row] &&
    regions.age[previous] === regions.age[row] &&
    regions.lastNrAccesses[previous] === regions.lastNrAccesses[row] &&
    regions.nrAccesses[previous] === regions.nrAccesses[row] &&
    regions.end[row]! - regions.start[previous]! <= limit
  );
}

/**
 * Whether the region at the cursor lies before the place where the last pass ran out of quota (spec
 * 5.4, "charge cursor"); a region that reaches across is cut there. The place is forgotten as soon
 * as the target's last region is reached, skipped or not.
 */
function skipsToCursor(
  scheme: RunningScheme,
  target: RunningTarget,
  minRegionSize: number,
): boolean {
  const { quota } = scheme;
  const { regions } = target;
  if (quota.cursorTarget !== target) return true;
  const address = quota.cursorAddress;
  const start = regions.start[regions.cursor]!;
  const end = regions.end[regions.cursor]!;
  let skips = false;
  if (address !== 0 && end <= address) {
    skips = true;
  } else if (address !== 0 && start < address) {
    skips = true;
    const done = alignDown(address - start, minRegionSize) || minRegionSize;
    if (done < end - start) regions.splitAtCursor(done);
  }
  if (regions.atLast()) quota.clearCursor();
  return skips;
}
