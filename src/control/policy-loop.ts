/**
 * The one loop behind every policy: observe → policy → commit. `run` acts, `shadow` has the actions
 * replaced by `stat`, `simulate` is `run` on a host of our own making, and `plan` is its first step
 * alone. Whoever owns time calls `step`.
 */
import type { Monitor } from '../monitor/monitor.ts';
import type { Snapshot } from '../params/snapshot.ts';
import type { Params, Scheme } from '../params/types.ts';
import { goalValue, type Score, scoreOf, type WatchedAim } from '../policies/aim.ts';
import { tunedByKernel } from '../policies/kernel-tuning.ts';
import type { Knobs, Observation, Policy, PolicyFacts } from '../policies/policy.ts';
import { shadowParams, stripesOf } from '../policies/shadow.ts';
import { faultUs } from '../policies/swap-cost.ts';
import type { TunerName } from '../policies/tuners.ts';
import { Ledger } from './ledger.ts';
import { DEFAULT_LIMITS, LoopGuards, type LoopLimits, type Verdict } from './loop-guards.ts';
import { type LoopHost, type LoopTotals, pressureBetween } from './loop-host.ts';

export type LoopMode = 'run' | 'shadow';

/** What takes memory where no scheme does: `memory.reclaim` of a cgroup. */
export interface ReclaimLever {
  /** Asks for `bytes` to be reclaimed; returns those that were. */
  reclaim(bytes: number): Promise<number>;
}

/** Everything that a loop works with. */
export interface PolicyLoopOptions<K extends Knobs, S> {
  readonly policy: Policy<K, S>;
  readonly knobs: K;
  readonly facts: PolicyFacts;
  readonly host: LoopHost;
  /** Started, with the parameters of `firstParams`. */
  readonly monitor: Monitor;
  readonly mode: LoopMode;
  /** Share of wall time that may be lost to a lack of memory; the score is measured by it. */
  readonly acceptableShare: number;
  readonly aim?: WatchedAim;
  readonly limits?: LoopLimits;
  /** @defaultValue asymmetric */
  readonly tuner?: TunerName;
  readonly lever?: ReclaimLever;
}

/** What one step has seen and decided, with totals since the loop's start. */
export interface LoopReport {
  readonly timeUs: number;
  readonly snapshot: Snapshot;
  readonly score: Score;
  readonly pressureShare: number;
  /** Left, or in a shadow would have left. */
  readonly leftBytes: number;
  readonly cameBackBytes: number;
  /** Out at present. */
  readonly grossBytes: number;
  /** Less what the pool of compressed swap has grown by. */
  readonly netBytes: number;
  readonly residentBytes: number;
  readonly verdict: Verdict;
  /** Of the monitor, as sentences. */
  readonly warnings: readonly string[];
  /** So many times as long as planned are the intervals, to keep to the ceiling on cost. */
  readonly stretch: number;
  /** One sentence: what the policy makes of it. */
  readonly why: string;
  /** In force from now on. */
  readonly params: Params;
}

/** A quota of 0 would be no limit; no page fits into 1 byte. */
export const NOTHING_BYTES = 1;

/** The parameters that a monitor has to be started with. */
export function firstParams<K extends Knobs, S>(
  options: Pick<PolicyLoopOptions<K, S>, 'policy' | 'knobs' | 'facts' | 'mode' | 'tuner'>,
): Params {
  const { policy, knobs, facts, mode, tuner = 'asymmetric' } = options;
  const { params } = policy.plan(knobs, facts);
  const tuned = tunedByKernel(params, tuner, knobs['bytesPerSecond'] ?? NOTHING_BYTES);
  return mode === 'shadow' ? shadowParams(tuned) : tuned;
}

/** A policy on one monitor and one host. */
export class PolicyLoop<K extends Knobs, S> {
  readonly #options: PolicyLoopOptions<K, S>;
  readonly #guards: LoopGuards;
  readonly #ledger: Ledger;
  #state: S | null;
  /** As a monitor that acts would have them; a shadow's are these with `stat`. */
  #params: Params;
  #last: LoopTotals;
  /** A shadow's scheme that looks at all idle pages is on. */
  #looksAgain = false;

  constructor(options: PolicyLoopOptions<K, S>) {
    const { policy, knobs, host, limits = DEFAULT_LIMITS } = options;
    this.#options = options;
    this.#guards = new LoopGuards(limits);
    this.#state = policy.adaptation?.begin(knobs) ?? null;
    this.#params = firstParams({ ...options, mode: 'run' });
    this.#last = host.totals();
    const { host: hostFacts, part, watcher } = options.facts;
    this.#ledger = new Ledger({
      ...{ mode: options.mode, first: this.#last },
      stripes: options.mode === 'shadow' ? stripesOf(this.#params) : [],
      faultUs: (fileShare) => faultUs(hostFacts, fileShare),
      within: part?.ranges ?? null,
      countsPassed: watcher !== 'kernel',
    });
  }

  /** Looks, decides, and puts the decision into force. Rejects when the monitor has ended. */
  async step(): Promise<LoopReport> {
    const { host, monitor, acceptableShare, aim } = this.#options;
    const [snapshot, stats] = await Promise.all([monitor.snapshot(), monitor.stats()]);
    const before = this.#last;
    const now = host.totals();
    this.#last = now;
    const moved = this.#ledger.update(now, snapshot, this.#params, stats.schemes);
    const pressureShare = pressureBetween(before, now) + moved.missedStallShare;
    const score = scoreOf(pressureShare, acceptableShare, aim ?? null, now.timeUs);
    const verdict = this.#guards.judge(before, now, host.rivals());
    const decision = this.#decide({ ...moved, pressureShare, score }, snapshot);
    await this.#putIntoForce(decision.params, score, verdict);
    await this.#pullLever(moved.elapsedUs, verdict);
    return {
      timeUs: now.timeUs,
      snapshot,
      score,
      pressureShare,
      ...this.#ledger.saved(now),
      residentBytes: now.residentBytes,
      verdict,
      warnings: stats.warnings,
      stretch: stats.cost.stretch,
      why: score.problem ?? (verdict.state === 'go' ? decision.why : verdict.sentence),
      params: this.#params,
    };
  }

  #decide(observation: Observation, snapshot: Snapshot): { params: Params; why: string } {
    const { policy, knobs, facts } = this.#options;
    const { sampleIntervalUs, aggregationIntervalUs } = snapshot;
    const present = { ...facts, intervals: { sampleIntervalUs, aggregationIntervalUs } };
    if (policy.adaptation === null || this.#state === null) {
      return { params: policy.plan(knobs, present).params, why: 'It goes on as planned.' };
    }
    const { state, params, why } = policy.adaptation.step(this.#state, observation, knobs, present);
    this.#state = state;
    return { params, why };
  }

  /** Commits what differs from what is in force; a run that is held takes nothing meanwhile. */
  async #putIntoForce(decided: Params, score: Score, verdict: Verdict): Promise<void> {
    const { monitor, knobs, tuner = 'asymmetric' } = this.#options;
    const tuned = tunedByKernel(decided, tuner, knobs['bytesPerSecond'] ?? NOTHING_BYTES);
    const room = verdict.state === 'go' ? this.#guards.roomBytes(this.#last) : 0;
    const next = limited(tuned, room);
    const looksAgain = this.#ledger.isLookDue(next);
    if (contentOf(next) !== contentOf(this.#params) || looksAgain !== this.#looksAgain) {
      this.#params = next;
      this.#looksAgain = looksAgain;
      await monitor.commit(this.#watchesOnly ? shadowParams(next, looksAgain) : next);
    }
    for (const [index, { quota }] of next.schemes.entries()) {
      if (quota.goals[0]?.metric !== 'user_input') continue;
      await monitor.setGoalValue(index, 0, goalValue(score.value));
    }
  }

  async #pullLever(elapsedUs: number, { state }: Verdict): Promise<void> {
    const { lever, mode } = this.#options;
    if (lever === undefined || mode === 'shadow' || state !== 'go') return;
    const { left } = this.#ledger.take(this.#params, elapsedUs);
    if (left > 0) this.#ledger.noteLeft(await lever.reclaim(Math.round(left)), this.#params);
  }

  /** With a lever, the schemes find what is cold, and the lever takes it. */
  get #watchesOnly(): boolean {
    return this.#options.mode === 'shadow' || this.#options.lever !== undefined;
  }
}

/** Nobody takes more than `roomBytes` in one window. */
function limited(params: Params, roomBytes: number): Params {
  const schemes = params.schemes.map((scheme): Scheme => {
    const { action, quota } = scheme;
    const asked = quota.sizeBytes === 'max' || quota.sizeBytes === 0 ? Infinity : quota.sizeBytes;
    if (action === 'stat' || asked <= roomBytes) return scheme;
    const sizeBytes = Math.max(NOTHING_BYTES, Math.floor(roomBytes));
    return { ...scheme, quota: { ...quota, sizeBytes } };
  });
  return { ...params, schemes };
}

/** What a commit is about. Intervals are tuned by the monitor itself, and are no reason for one. */
function contentOf({ attrs, ...rest }: Params): string {
  const { sampleIntervalUs, aggregationIntervalUs, ...bounds } = attrs;
  return JSON.stringify([bounds, rest]);
}
