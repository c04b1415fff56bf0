/**
 * The loop of tiered memory: one monitor or several, and limits that hold for all of them. Aims
 * and rates are kept by whoever monitors, so a run takes no pictures; a step looks at what has
 * moved, and holds back what would make a lack of memory worse. Whoever owns time calls `step`.
 */
import type { Monitor, MonitorStats } from '../monitor/monitor.ts';
import type { SchemeState } from '../params/snapshot.ts';
import type { Params, Scheme } from '../params/types.ts';
import { type LoopHost, type LoopTotals, pressureBetween } from './loop-host.ts';
import { type LoopMode, NOTHING_BYTES } from './policy-loop.ts';

/** Part of a plan, and what watches that, started with it. */
export interface SteeredPart {
  /** As planned: a shadow's monitor has `stat` instead of the actions. */
  readonly params: Params;
  /** By scheme, the node that it moves memory from. */
  readonly fromNids: readonly number[];
  readonly monitor: Pick<Monitor, 'stats' | 'commit'>;
}

/** What the loop must know of a machine. */
export interface TierHost extends Pick<LoopHost, 'rivals'> {
  totals(): Pick<LoopTotals, 'timeUs' | 'memoryPressure' | 'stalledAllocations'>;
}

/** Everything that a loop works with. */
export interface TierLoopOptions {
  readonly parts: readonly SteeredPart[];
  readonly host: TierHost;
  readonly mode: LoopMode;
}

/** What one scheme has moved since the start. */
export interface Moved {
  readonly fromNid: number;
  readonly toNid: number;
  readonly direction: 'up' | 'down';
  /** In a shadow: what it found and would have tried, the same memory in each window again. */
  readonly bytes: number;
}

/** What one step has seen. */
export interface TierReport {
  readonly timeUs: number;
  readonly moved: readonly Moved[];
  /** Share of the time since the last step in which somebody waited for memory. */
  readonly pressureShare: number;
  readonly stalledAllocations: number;
  /** Why something is held back, as a sentence; null when all goes on. */
  readonly held: string | null;
  /** Of the monitors, as sentences. */
  readonly warnings: readonly string[];
  /** So many times as long as planned are the intervals of the slowest, to keep its ceiling. */
  readonly stretch: number;
}

/** From here on, memory is too short to fill fast nodes. */
const MOST_PRESSURE_SHARE = 0.05;

/** So long nobody must have waited for memory before hot pages go up again. */
const CALM_US = 10_000_000;

/** Schemes that do nothing at present, and why. */
interface Hold {
  readonly actions: readonly Scheme['action'][];
  readonly sentence: string;
}

/** Tiering on one host. */
export class TierLoop {
  readonly #options: TierLoopOptions;
  #last: ReturnType<TierHost['totals']>;
  #hold: Hold | null = null;
  #shortSinceUs = Number.NEGATIVE_INFINITY;

  constructor(options: TierLoopOptions) {
    this.#options = options;
    this.#last = options.host.totals();
  }

  /** Looks, and holds back or lets go on. Rejects when a monitor has ended. */
  async step(): Promise<TierReport> {
    const { parts, host } = this.#options;
    const before = this.#last;
    const now = host.totals();
    this.#last = now;
    const pressureShare = pressureBetween(before, now);
    const stalledAllocations = now.stalledAllocations - before.stalledAllocations;
    const isShort = stalledAllocations > 0 || pressureShare > MOST_PRESSURE_SHARE;
    if (isShort) this.#shortSinceUs = now.timeUs;
    await this.#putIntoForce(holdOf(host.rivals(), now.timeUs - this.#shortSinceUs < CALM_US));
    const stats: MonitorStats[] = [];
    // One after the other, as a command to one kdamond keeps those to others waiting.
    for (const { monitor } of parts) stats.push(await monitor.stats());
    return {
      ...{ timeUs: now.timeUs, pressureShare, stalledAllocations },
      moved: parts.flatMap((part, index) => this.#moved(part, stats[index]!.schemes)),
      held: this.#hold?.sentence ?? null,
      warnings: [...new Set(stats.flatMap(({ warnings }) => warnings))],
      stretch: Math.max(...stats.map(({ cost }) => cost.stretch)),
    };
  }

  /** A shadow has nothing to hold back. */
  async #putIntoForce(hold: Hold | null): Promise<void> {
    const { parts, mode } = this.#options;
    const isNew = hold?.actions.join() !== this.#hold?.actions.join();
    this.#hold = hold;
    if (!isNew || mode === 'shadow') return;
    for (const { params, monitor } of parts) await monitor.commit(withheld(params, hold));
  }

  #moved({ params, fromNids }: SteeredPart, states: readonly SchemeState[]): Moved[] {
    const counted = this.#options.mode === 'run' ? 'appliedBytes' : 'filterPassedBytes';
    return params.schemes.map(({ action, targetNid }, index) => ({
      ...{ fromNid: fromNids[index]!, toNid: targetNid },
      direction: action === 'migrate_hot' ? 'up' : 'down',
      bytes: Number(states[index]?.stats[counted] ?? 0),
    }));
  }
}

/**
 * Others who steer the same memory hold everything back. Where memory is short, cold pages go on
 * down, since that makes room; what comes up would take it.
 */
function holdOf([rival]: readonly string[], isShort: boolean): Hold | null {
  if (rival !== undefined) return { actions: ['migrate_hot', 'migrate_cold'], sentence: rival };
  if (!isShort) return null;
  return {
    actions: ['migrate_hot'],
    sentence:
      'Somebody had to wait for memory, so nothing moves up until that has not happened for ' +
      `${CALM_US / 1e6} s.`,
  };
}

function withheld(params: Params, hold: Hold | null): Params {
  const schemes = params.schemes.map((scheme): Scheme => {
    if (!hold?.actions.includes(scheme.action)) return scheme;
    return { ...scheme, quota: { ...scheme.quota, sizeBytes: NOTHING_BYTES } };
  });
  return { ...params, schemes };
}
