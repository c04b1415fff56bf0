/** Schemes in the shadow of a monitor: what they would take, and what of it would be back. */
import { ThermoclineError } from '../../base/errors.ts';
import type { ShadowPoint, ShadowView } from '../../client/api-types.ts';
import { Ledger } from '../../control/ledger.ts';
import type { LoopTotals } from '../../control/loop-host.ts';
import type { Params } from '../../params/types.ts';
import { shadowDifferences } from '../../policies/shadow.ts';
import { LeveledHistory } from '../history/leveled-history.ts';
import type { LatestLook } from '../owned-monitor.ts';
import type { SwapCost } from '../swap-cost.ts';

const POINT_BYTES = 128;
const MAX_POINTS_BYTES = 2 ** 18;

/**
 * Rides on the looks of a monitor: nothing of it is changed, and nothing is watched in addition.
 * What would have left, and what would have come back of it, is kept in a ledger of idle memory.
 */
export class Shadow {
  readonly #params: Params;
  readonly #swapCost: () => SwapCost;
  readonly #points = new LeveledHistory<ShadowPoint>({
    maxBytes: MAX_POINTS_BYTES,
    bytesOf: () => POINT_BYTES,
    join: (points) => points.at(-1)!,
  });
  #ledger: Ledger | null = null;
  #startUs = 0;
  #latest: ShadowPoint | null = null;
  #stallUs = 0;

  /**
   * @param params with the schemes that are tried, as if they acted
   * @throws ThermoclineError TC_INVALID where no scheme of them takes memory away
   */
  constructor(params: Params, swapCost: () => SwapCost) {
    if (!params.schemes.some(({ action }) => action === 'pageout')) {
      throw new ThermoclineError(
        'TC_INVALID',
        'A shadow is of a scheme that pages out, and these parameters have none; add one with ' +
          'action: pageout.',
      );
    }
    this.#params = params;
    this.#swapCost = swapCost;
  }

  /** Notes what a monitor has just seen. */
  take({ figures, snapshot }: LatestLook): void {
    const { faultUs, ...swap } = this.#swapCost();
    const totals: LoopTotals = {
      ...swap,
      timeUs: figures.timeUs,
      memoryPressure: null,
      ioPressure: null,
      residentBytes: figures.residentBytes ?? figures.watchedBytes,
      swappedBytes: figures.swappedBytes ?? 0,
      ...{ refaultedBytes: 0, swapIsOnDisk: false, swapTotalBytes: 0, diskWriteBytes: 0 },
      stalledAllocations: 0,
    };
    if (this.#ledger === null) {
      this.#ledger = new Ledger({
        ...{ mode: 'shadow', stripes: [], first: totals, faultUs: () => faultUs },
        ...{ within: null, countsPassed: false },
      });
      this.#startUs = figures.timeUs;
    }
    const { elapsedUs, missedStallShare } = this.#ledger.update(totals, snapshot, this.#params, []);
    this.#stallUs += elapsedUs * missedStallShare;
    const timeUs = figures.timeUs;
    this.#latest = { timeUs, ...this.#ledger.saved(totals), stallUs: Math.round(this.#stallUs) };
    this.#points.add(this.#latest);
  }

  view(): ShadowView {
    const nothing = { leftBytes: 0, cameBackBytes: 0, grossBytes: 0, netBytes: 0, stallUs: 0 };
    const now = this.#latest ?? { timeUs: this.#startUs, ...nothing };
    return {
      params: this.#params,
      durationUs: now.timeUs - this.#startUs,
      now,
      history: this.#points.items(),
      differences: shadowDifferences(this.#params),
    };
  }
}
