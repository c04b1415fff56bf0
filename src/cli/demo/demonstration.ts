import type { Monitor } from '../../monitor/monitor.ts';
import type { VirtualMonitor } from '../../monitor/virtual-monitor.ts';
import type { HeatColumn } from '../terminal/heat-map.ts';
import { heatColumnOf } from '../watch/view.ts';
import type { DemoPanel, DemoView, RealView } from './frame.ts';
import type { WorkloadProcess } from './workload-process.ts';

/** More than any terminal is wide. */
const MAX_HISTORY = 1000;

const REAL_CAPTION =
  'A real process, by /proc alone: how much of each mapping was touched is exact, where in it is ' +
  'not known.';
const TWIN_CAPTION =
  'The same on a simulated machine, sampled as DAMON samples: where in each mapping is known, too.';

/** Both monitors, and what they have seen so far. */
export class Demonstration {
  readonly #workload: WorkloadProcess;
  readonly #real: Monitor | string;
  readonly #twin: VirtualMonitor;
  readonly #realHistory: HeatColumn[] = [];
  readonly #twinHistory: HeatColumn[] = [];
  readonly #startMs: number = performance.now();
  #elapsedUs = 0;

  /** @param real or the sentence that says why there is none */
  constructor(workload: WorkloadProcess, real: Monitor | string, twin: VirtualMonitor) {
    this.#workload = workload;
    this.#real = real;
    this.#twin = twin;
  }

  /** Lets the twin live as long as the real workload has by now, and looks at both. */
  async look(): Promise<DemoView> {
    const elapsedUs = Math.floor((performance.now() - this.#startMs) * 1000);
    this.#twin.advance(elapsedUs - this.#elapsedUs);
    this.#elapsedUs = elapsedUs;
    return { elapsedUs, real: await this.#lookAtReal(), twin: await this.#lookAtTwin() };
  }

  async #lookAtReal(): Promise<RealView | string> {
    if (typeof this.#real === 'string') return this.#real;
    const [snapshot, stats] = await Promise.all([this.#real.snapshot(), this.#real.stats()]);
    const announced = this.#workload.mappings;
    const ranges = announced.map(({ name, start, end }) => ({ name, start, end, weight: 1 }));
    remember(this.#realHistory, heatColumnOf(snapshot));
    return {
      panel: {
        title: `Real: process ${this.#workload.pid}`,
        caption: REAL_CAPTION,
        ranges,
        history: this.#realHistory,
      },
      stats,
      sampleIntervalUs: snapshot.sampleIntervalUs,
      caveats: this.#real.description.caveats,
      announced,
    };
  }

  async #lookAtTwin(): Promise<DemoPanel> {
    const snapshot = await this.#twin.snapshot();
    remember(this.#twinHistory, heatColumnOf(snapshot));
    const [process] = this.#twin.simulation.machine.processes;
    const ranges = process!.vmas.map(({ name, start, end }) => ({
      name,
      start,
      end,
      weight: end - start,
    }));
    return {
      title: 'Simulated: its twin',
      caption: TWIN_CAPTION,
      ranges,
      history: this.#twinHistory,
    };
  }
}

function remember(history: HeatColumn[], column: HeatColumn): void {
  history.push(column);
  if (history.length > MAX_HISTORY) history.shift();
}
