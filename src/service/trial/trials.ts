import { ThermoclineError } from '../../base/errors.ts';
import type { ShadowView, WhatIfAnswer, WhatIfAsk } from '../../client/api-types.ts';
import type { OwnedMonitor } from '../owned-monitor.ts';
import type { SwapCost } from '../swap-cost.ts';
import { Shadow } from './shadow.ts';
import { whatIf } from './what-if.ts';

/** What is being tried on monitors, without acting. One what-if runs at a time. */
export class Trials {
  readonly #swapCost: () => SwapCost;
  readonly #shadows = new WeakMap<OwnedMonitor, { readonly shadow: Shadow; end(): void }>();
  #isReplaying = false;

  constructor(swapCost: () => SwapCost) {
    this.#swapCost = swapCost;
  }

  /** Throws TC_INVALID for parameters that can't be taken, TC_BUSY while another one runs. */
  async whatIf(monitor: OwnedMonitor, ask: WhatIfAsk, signal: AbortSignal): Promise<WhatIfAnswer> {
    const { from = 0, to = Number.MAX_SAFE_INTEGER, swap = 'disk' } = ask;
    const params = monitor.trialParamsFor(monitor.patchedParams(ask.params));
    const frames = monitor.pictures({ fromUs: from, toUs: to, limit: Number.MAX_SAFE_INTEGER });
    if (this.#isReplaying) {
      throw new ThermoclineError(
        'TC_BUSY',
        'Another what-if is being computed; ask again when it is done.',
      );
    }
    this.#isReplaying = true;
    try {
      const { resolution } = monitor.view();
      const residentBytes = monitor.latest?.figures.residentBytes ?? null;
      const seesAmountsOnly = resolution === 'amount';
      return await whatIf({ frames, params, swap, residentBytes, seesAmountsOnly }, signal);
    } finally {
      this.#isReplaying = false;
    }
  }

  /** In place of the one before. Throws TC_INVALID, TC_BUSY where the monitor itself acts. */
  beginShadow(monitor: OwnedMonitor, patch: unknown): ShadowView {
    if (takesItself(monitor)) {
      throw new ThermoclineError(
        'TC_BUSY',
        `${monitor.name} pages out itself, so there is nothing left for a shadow to count; begin it ` +
          'on a monitor that only counts.',
      );
    }
    const shadow = new Shadow(monitor.trialParamsFor(monitor.patchedParams(patch)), this.#swapCost);
    this.#shadows.get(monitor)?.end();
    this.#shadows.set(monitor, { shadow, end: monitor.onLook((look) => shadow.take(look)) });
    return shadow.view();
  }

  /** Throws TC_NOT_FOUND. */
  shadow(monitor: OwnedMonitor): ShadowView {
    return this.#of(monitor).shadow.view();
  }

  /** Throws TC_NOT_FOUND. */
  endShadow(monitor: OwnedMonitor): void {
    this.#of(monitor).end();
    this.#shadows.delete(monitor);
  }

  #of(monitor: OwnedMonitor) {
    const found = this.#shadows.get(monitor);
    if (found !== undefined) return found;
    throw new ThermoclineError('TC_NOT_FOUND', `${monitor.name} has no shadow; begin one first.`);
  }
}

/** On a simulated machine schemes always act. */
function takesItself({ spec, params }: OwnedMonitor): boolean {
  const acts = spec.act === 'act' || spec.watch.kind === 'simulation';
  return acts && params.schemes.some(({ action }) => action === 'pageout');
}
