/** A kdamond of the fake tree: the core itself on a clock of its own. */
import { VirtualClock } from '../../base/clock.ts';
import { KernelRandom } from '../../base/random.ts';
import { Kdamond } from '../../core/kdamond.ts';
import { type Metrics, noMetrics } from '../../core/metrics.ts';
import type { Operations } from '../../core/operations.ts';
import { VirtualRun } from '../../monitor/virtual-run.ts';
import type { Params } from '../../params/types.ts';
import type { FakeTracefs } from '../fake-tracefs.ts';

/** The address spaces that the kdamonds of a fake watch. */
export interface FakeWorld {
  operationsFor(params: Params): Operations;
  readonly metrics?: Metrics;
}

/** One region of a walk, in core units. */
export interface WalkedRegion {
  readonly schemeIndex: number;
  readonly start: number;
  readonly end: number;
  readonly nrAccesses: number;
  readonly age: number;
  readonly filterPassed: number;
  readonly probeHits: readonly number[];
}

/** Started on construction; throws what the core throws about parameters that it can't take. */
export class RunningKdamond {
  readonly pid: number;
  readonly kdamond: Kdamond;
  readonly #clock: VirtualClock = new VirtualClock();
  readonly #run: VirtualRun;
  #ended = false;

  /** @param tracefs where it comes by its trace points */
  constructor(pid: number, params: Params, world: FakeWorld, tracefs: FakeTracefs | null) {
    this.pid = pid;
    this.kdamond = new Kdamond({
      params,
      operations: world.operationsFor(params),
      clock: this.#clock,
      random: new KernelRandom(1),
      metrics: world.metrics ?? noMetrics,
      ...(tracefs !== null && {
        observer: { aggregated: () => this.#traceWindow(tracefs) },
      }),
    });
    const step = () => {
      const sleepUs = this.kdamond.step();
      if (sleepUs < 0) this.#ended = true;
      return sleepUs;
    };
    this.#run = new VirtualRun({ step }, this.#clock);
  }

  get ended(): boolean {
    return this.#ended;
  }

  runFor(durationUs: number): void {
    this.#run.runFor(durationUs);
  }

  #traceWindow(tracefs: FakeTracefs): void {
    const { nrRegions, targetIndex, start, end, nrAccesses, age } = this.kdamond.snapshot();
    const { addrUnit } = this.kdamond.params;
    for (let row = 0; row < nrRegions; row++) {
      const target = targetIndex[row]!;
      const nr = targetIndex.reduce((sum, one) => sum + (one === target ? 1 : 0), 0);
      const range = `${start[row]! / addrUnit}-${end[row]! / addrUnit}`;
      const fields = `target_id=${target} nr_regions=${nr} ${range}: ${nrAccesses[row]} ${age[row]}`;
      tracefs.trace(this.pid, 'damon_aggregated', fields, this.#clock.nowUs());
    }
  }

  /** What a walk sees (spec 5.10), waited for as the command does; null when it is cancelled. */
  walk(): WalkedRegion[] | null {
    const regions: WalkedRegion[] = [];
    let completed: boolean | null = null;
    this.kdamond.startWalk({
      region: (schemeIndex, target, start, end, nrAccesses, age, filterPassed) => {
        const { probeHits, cursor } = target.regions;
        const probeAt = (probe: number) => probeHits[target.regions.probeIndex(cursor, probe)]!;
        regions.push({
          ...{ schemeIndex, start, end, nrAccesses, age, filterPassed },
          probeHits: this.kdamond.params.probes.map((_, probe) => probeAt(probe)),
        });
      },
      ended: (whole) => {
        completed = whole;
      },
    });
    while (completed === null && !this.#ended) {
      this.runFor(this.kdamond.params.attrs.sampleIntervalUs);
    }
    return completed ? regions : null;
  }
}
