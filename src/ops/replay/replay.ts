import { VirtualClock } from '../../base/clock.ts';
import { KernelRandom } from '../../base/random.ts';
import { Kdamond } from '../../core/kdamond.ts';
import { NO_WATERMARKS } from '../../params/defaults.ts';
import type { SchemeState } from '../../params/snapshot.ts';
import type { Params } from '../../params/types.ts';
import { type ReplayedWorld, replayOperations } from './index.ts';
import type { RecordedPattern } from './recorded-pattern.ts';

/** What is replayed under which parameters. */
export interface ReplayOptions {
  readonly pattern: RecordedPattern;
  /**
   * Targets give way to those of the pattern; watermarks don't count, since a recording doesn't
   * tell how much memory was free.
   */
  readonly params: Params;
  /** Microseconds that a process waits for each page that comes back. */
  readonly refaultUs: number;
  /** Of the engine's draws. @defaultValue 1 */
  readonly seed?: number;
}

/** How it stood at one moment; sums are since the start. */
export interface ReplayMoment {
  readonly timeUs: number;
  readonly watchedBytes: number;
  /** Out at this moment. */
  readonly savedBytes: number;
  readonly refaultedBytes: number;
}

/** What a policy would have done. */
export interface ReplayResult {
  readonly durationUs: number;
  /** Means over time. */
  readonly watchedBytes: number;
  readonly savedBytes: number;
  /** Of what is watched. */
  readonly savedShare: number;
  readonly mostSavedBytes: number;
  readonly endSavedBytes: number;
  readonly pagedOutBytes: number;
  readonly refaultedBytes: number;
  /** Of all processes together. */
  readonly stallUs: number;
  /** The largest part of the time that one target waits. */
  readonly slowdownShare: number;
  readonly nrRegions: number;
  readonly schemes: readonly SchemeState[];
  /** Whether the quota of a scheme kept it from anything; if not, a looser one changes nothing. */
  readonly quotaFelt: boolean;
  readonly overTime: readonly ReplayMoment[];
}

/** So many moments are kept of a replay. */
const MOMENTS = 240;

/**
 * Plays a recorded pattern through the engine and its schemes, on a virtual clock and in this
 * thread. The same options give the same result.
 */
export class Replay {
  readonly #options: ReplayOptions;
  readonly #clock = new VirtualClock();
  readonly #world: ReplayedWorld;
  readonly #kdamond: Kdamond;
  readonly #overTime: ReplayMoment[] = [];
  #mostSavedBytes = 0;
  #dueUs = 0;

  /** Throws TC_INVALID for parameters that can't be taken. */
  constructor(options: ReplayOptions) {
    this.#options = options;
    const { pattern, params, refaultUs, seed } = options;
    const clock = this.#clock;
    this.#world = replayOperations(pattern, params.operations, clock, refaultUs);
    this.#kdamond = new Kdamond({
      params: replayedParams(params, pattern),
      operations: this.#world.operations,
      metrics: this.#world.metrics,
      clock,
      random: new KernelRandom(seed ?? 1),
    });
  }

  get nowUs(): number {
    return this.#clock.nowUs();
  }

  /** Plays on, up to a time or the pattern's end. */
  runUntil(timeUs: number): void {
    const { durationUs } = this.#options.pattern;
    const untilUs = Math.min(timeUs, durationUs);
    const momentUs = durationUs / MOMENTS;
    while (this.#dueUs <= untilUs) {
      this.#clock.advance(this.#dueUs - this.nowUs);
      const sleepUs = this.#kdamond.step();
      this.#dueUs = sleepUs < 0 ? Number.POSITIVE_INFINITY : this.#dueUs + sleepUs;
      if (this.nowUs >= this.#overTime.length * momentUs) this.#look();
    }
    this.#clock.advance(Math.max(0, untilUs - this.nowUs));
  }

  /** What has come of it so far. */
  result(): ReplayResult {
    this.#look();
    const { params } = this.#options;
    const { memories } = this.#world;
    const durationUs = Math.max(this.nowUs, 1);
    const sum = (figure: (memory: (typeof memories)[number]) => number) =>
      memories.reduce((total, memory) => total + figure(memory), 0);
    const watchedByteUs = sum(({ sums }) => sums.watchedByteUs);
    const outByteUs = sum(({ sums }) => sums.outByteUs);
    const stalls = memories.map(({ sums }) => sums.stallUs);
    return {
      durationUs: this.nowUs,
      watchedBytes: watchedByteUs / durationUs,
      savedBytes: outByteUs / durationUs,
      savedShare: watchedByteUs === 0 ? 0 : outByteUs / watchedByteUs,
      mostSavedBytes: this.#mostSavedBytes,
      endSavedBytes: sum(({ outBytes }) => outBytes),
      pagedOutBytes: sum(({ sums }) => sums.pagedOutBytes),
      refaultedBytes: sum(({ sums }) => sums.refaultedBytes),
      stallUs: stalls.reduce((total, us) => total + us, 0),
      slowdownShare: Math.max(...stalls) / durationUs,
      nrRegions: this.#kdamond.context.nrRegions,
      schemes: params.schemes.map((_, index) => this.#kdamond.schemeState(index)),
      quotaFelt: this.#quotaFelt,
      overTime: this.#overTime,
    };
  }

  /** Windows that are over are counted; the running one may be full already. */
  get #quotaFelt(): boolean {
    const { schemes, minRegionSize } = this.#kdamond.context;
    return schemes.some(
      ({ nrQuotaExceeds, quota, scheme }) =>
        nrQuotaExceeds > 0 || quota.isFull(scheme.quota, minRegionSize),
    );
  }

  #look(): void {
    this.#world.catchUp();
    const { memories } = this.#world;
    const moment = { timeUs: this.nowUs, watchedBytes: 0, savedBytes: 0, refaultedBytes: 0 };
    for (const { watchedBytes, outBytes, sums } of memories) {
      moment.watchedBytes += watchedBytes;
      moment.savedBytes += outBytes;
      moment.refaultedBytes += sums.refaultedBytes;
    }
    if (this.#overTime.at(-1)?.timeUs !== moment.timeUs) this.#overTime.push(moment);
    this.#mostSavedBytes = Math.max(this.#mostSavedBytes, moment.savedBytes);
  }
}

function replayedParams(params: Params, { targets }: RecordedPattern): Params {
  const isPhysical = params.operations === 'paddr';
  return {
    ...params,
    targets: targets.map(({ pid }, index) => ({
      ...(!isPhysical && { pid: pid ?? index + 1 }),
      regions: [],
      obsolete: false,
    })),
    schemes: params.schemes.map((scheme) => ({ ...scheme, watermarks: NO_WATERMARKS })),
  };
}
