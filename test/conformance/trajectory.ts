import { ThermoclineError } from '../../src/base/errors.ts';
import type { RunningTarget } from '../../src/core/context.ts';
import { Kdamond } from '../../src/core/kdamond.ts';
import type { RunningScheme } from '../../src/core/schemes/running-scheme.ts';
import { toJsonNumber } from './compare.ts';
import type { Scenario } from './format.ts';
import { paramsOf } from './scenario-params.ts';
import { VectorRandom } from './vector-random.ts';
import { VectorWorld } from './vector-world.ts';

/** Jiffies of a vector's clock at its start; one a millisecond. */
const FIRST_JIFFY = 1000;
const EINVAL = -22;

type Row = (string | number)[];
type AggregationRecord = Record<string, unknown>;

/** Replays a scenario and yields its records, one for each aggregation. */
export function* replay(scenario: Scenario): Generator<AggregationRecord> {
  const run = new Replay(scenario);
  for (let produced = 0; produced < scenario.run; produced++) yield run.nextRecord();
}

/** Sleeps after which a scenario that aggregates nothing more counts as stuck. */
const MAX_STEPS = 10_000_000;

class Replay {
  readonly #scenario: Scenario;
  readonly #random: VectorRandom;
  readonly #world: VectorWorld;
  readonly #kdamond: Kdamond;
  #nrRecords = 0;
  /** The record of the tick that is running, when it aggregates. */
  #pending: AggregationRecord | null = null;
  #finished: AggregationRecord | null = null;
  #applied: Row[] = [];
  #events: Row[] = [];
  #ticks: unknown[] = [];
  #doneEvents = new Set<number>();
  #resumeEvaluations = 0;
  #walking = false;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#random = new VectorRandom(scenario.seed);
    this.#world = new VectorWorld(scenario, (index, error) =>
      this.#event('ops_update', index, error),
    );
    this.#kdamond = new Kdamond({
      params: paramsOf(scenario, scenario),
      operations: this.#world,
      clock: this.#world,
      workClock: this.#world.workClock,
      metrics: this.#world,
      random: this.#random,
      observer: {
        aggregated: () => this.#beginRecord(),
        tickEnded: () => this.#endTick(),
        intervalsTuned: (sampleIntervalUs) => this.#event('tune', sampleIntervalUs),
        applied: ({ schemeIndex, target, start, end }, outcome, nrAccesses, age) => {
          const { tick } = this.#kdamond;
          const { applied, filterPassed } = outcome;
          const what = [schemeIndex, target.index, start, end, nrAccesses, age];
          this.#applied.push([tick, ...what, applied, filterPassed]);
        },
      },
    });
  }

  nextRecord(): AggregationRecord {
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      this.#kdamond.call(() => this.#runEvents());
      const sleepUs = this.#kdamond.step();
      if (this.#finished !== null) {
        const record = this.#finished;
        this.#finished = null;
        this.#world.sleep(sleepUs);
        return record;
      }
      if (sleepUs < 0) break;
      this.#world.sleep(sleepUs);
    }
    throw new Error(`no aggregation followed number ${this.#nrRecords}`);
  }

  #event(kind: string, ...values: number[]): void {
    this.#events.push([kind, this.#kdamond.tick, ...values]);
  }

  #runEvents(): void {
    const { tick } = this.#kdamond;
    let counted = false;
    for (const [index, [atTick, kind, ...values]] of this.#scenario.events.entries()) {
      if (this.#doneEvents.has(index)) continue;
      if (kind === 'resume') {
        // The next one in line counts evaluations while paused, whatever the tick.
        const counts = this.#kdamond.params.paused && !counted;
        counted = true;
        if (!counts || this.#resumeEvaluations++ < values[0]!) continue;
      } else if (atTick !== tick) {
        continue;
      }
      this.#doneEvents.add(index);
      this.#runEvent(kind, values);
    }
  }

  #runEvent(kind: string, values: number[]): void {
    const kdamond = this.#kdamond;
    const [first = 0, second = 0, third = 0] = values;
    switch (kind) {
      case 'commit':
        this.#event('commit', first, this.#commit(first));
        break;
      case 'goal':
        kdamond.setGoalValue(first, second, third);
        this.#event('goal', third);
        break;
      case 'pause':
        this.#resumeEvaluations = 0;
        kdamond.pause();
        this.#event('pause', this.#world.nowUs());
        break;
      case 'resume':
        kdamond.resume();
        this.#event('resume', this.#world.nowUs());
        break;
      case 'walk':
        this.#event('walk_request');
        this.#walk();
        break;
      default:
        throw new Error(`the event "${kind}" is not part of the format`);
    }
  }

  #walk(): void {
    // A request while another is under way has no effect.
    if (this.#walking) return;
    this.#walking = true;
    this.#kdamond.startWalk({
      region: (schemeIndex, target, ...rest) =>
        this.#event('walk', schemeIndex, target.index, ...rest),
      ended: () => {
        this.#walking = false;
      },
    });
  }

  #commit(number: number): number {
    try {
      this.#kdamond.commit(paramsOf(this.#scenario.commits[number - 1]!, this.#scenario));
      return 0;
    } catch (error) {
      if (error instanceof ThermoclineError) return EINVAL;
      throw error;
    }
  }

  #beginRecord(): void {
    const { context } = this.#kdamond;
    this.#pending = {
      i: this.#nrRecords,
      tick: context.tick,
      now_us: this.#world.nowUs(),
      sample_us: context.attrs.sampleIntervalUs,
      aggr_us: context.attrs.aggregationIntervalUs,
      regions: context.targets.map((target) => regionTuples(target, context.probes.length > 0)),
    };
  }

  #endTick(): void {
    const { context } = this.#kdamond;
    if (this.#nrRecords < this.#scenario.trace) {
      this.#ticks.push([context.tick, this.#world.samples]);
    }
    this.#world.samples = [];
    if (this.#pending === null) return;
    this.#finished = {
      ...this.#pending,
      applied: this.#applied,
      events: this.#events,
      ...(this.#nrRecords < this.#scenario.trace ? { ticks: this.#ticks } : {}),
      schemes: context.schemes.map(schemeRecord),
      post: postRecord(context.targets, this.#nrRecords < this.#scenario.post),
      lcg: this.#random.state,
      draws: this.#random.nrDraws,
      next_aggr: context.nextAggregation,
      next_ops_update: context.nextOperationsUpdate,
      next_tune: context.nextTune,
    };
    this.#pending = null;
    this.#nrRecords += 1;
    this.#applied = [];
    this.#events = [];
    this.#ticks = [];
  }
}

function regionTuples({ regions }: RunningTarget, withProbes: boolean): unknown[] {
  return Array.from({ length: regions.nr }, (_, row) => [
    regions.start[row],
    regions.end[row],
    regions.nrAccesses[row],
    regions.lastNrAccesses[row],
    regions.age[row],
    ...(withProbes ? [[0, 1, 2, 3].map((probe) => regions.probeHits[row * 4 + probe])] : []),
  ]);
}

function schemeRecord(running: RunningScheme): AggregationRecord {
  const { quota } = running;
  const { chargedFromMs, cursorTarget, cursorAddress } = quota;
  const stats = running.stats(1);
  return {
    stat: [
      stats.nrTried,
      stats.triedBytes,
      stats.nrApplied,
      stats.appliedBytes,
      stats.filterPassedBytes,
      stats.nrQuotaExceeds,
      stats.nrSnapshots,
    ].map(toJsonNumber),
    esz: toJsonNumber(quota.exactEffectiveSize),
    esz_bp: toJsonNumber(quota.effectiveSizeBp),
    charged_sz: quota.charged,
    charged_from: chargedFromMs === null ? 0 : chargedFromMs + FIRST_JIFFY,
    total_charged_sz: toJsonNumber(quota.totalCharged.toBigInt()),
    total_charged_ns: toJsonNumber(quota.totalChargedNs.toBigInt()),
    min_score: quota.minScore,
    cursor: [cursorTarget?.index ?? -1, cursorAddress],
    next_apply: running.nextApply,
    active: running.active ? 1 : 0,
    goals: running.goals.map((goal) => toJsonNumber(goal.currentValue)),
  };
}

function postRecord(targets: readonly RunningTarget[], withRegions: boolean): AggregationRecord {
  let nr = 0;
  let hash = 0;
  const lists: number[][][] = [];
  for (const { regions } of targets) {
    const list: number[][] = [];
    for (let row = 0; row < regions.nr; row++) {
      const start = regions.start[row]!;
      const end = regions.end[row]!;
      list.push([start, end]);
      hash = (hash * 31 + Math.floor(start / 4096) + Math.floor(end / 4096) * 7) % 1_000_000_007;
    }
    nr += regions.nr;
    lists.push(list);
  }
  return { n: nr, hash, ...(withRegions ? { regions: lists } : {}) };
}
