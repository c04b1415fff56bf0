/** A run in the worker, as the page sees it. */
import { batch, signal } from '@preact/signals';
import type { MachineSummary } from '../../src/host/sim/index.ts';
import type { SchemeState } from '../../src/params/snapshot.ts';
import type { Params } from '../../src/params/types.ts';
import { Picture } from '../heat/picture.ts';
import type { FromWorker, RunStep, Side, StartRun, ToWorker } from './messages.ts';

/** How the machines stood at one moment. */
export interface OutcomePoint {
  readonly timeUs: number;
  readonly trial: MachineSummary;
  readonly baseline: MachineSummary;
  /** Of the trial. */
  readonly schemes: readonly SchemeState[];
}

type RunState = 'idle' | 'running' | 'paused' | 'done';

/** Points of a run's charts. */
const MAX_POINTS = 600;

/** Owns the worker; `close` ends it. */
export class PlaygroundRun {
  readonly state = signal<RunState>('idle');
  /** Why the run could not begin or go on; null when all is well. */
  readonly problem = signal<string | null>(null);
  readonly pictures = signal<Readonly<Record<Side, Picture>>>({
    trial: new Picture(),
    baseline: new Picture(),
  });
  readonly params = signal<Params | null>(null);
  readonly points = signal<readonly OutcomePoint[]>([]);
  readonly durationUs = signal(0);
  readonly #worker = new Worker(new URL('./engine-worker.ts', import.meta.url), { type: 'module' });
  #latest: Partial<Record<Side, RunStep>> = {};

  constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) =>
      batch(() => this.#take(data)),
    );
    this.#worker.addEventListener('error', ({ message }) => {
      this.problem.value = `The simulation has ended early: ${message}`;
      this.state.value = 'idle';
    });
  }

  start(run: Omit<StartRun, 'kind'>): void {
    this.problem.value = null;
    this.state.value = 'running';
    this.#say({ kind: 'start', ...run });
  }

  pause(): void {
    this.state.value = 'paused';
    this.#say({ kind: 'pause' });
  }

  resume(): void {
    this.state.value = 'running';
    this.#say({ kind: 'resume' });
  }

  setSpeed(speed: number): void {
    this.#say({ kind: 'speed', speed });
  }

  close(): void {
    this.#worker.terminate();
  }

  #say(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #take(message: FromWorker): void {
    if (message.kind === 'begun') {
      const { durationUs, labels } = message;
      const pictures = { trial: new Picture(durationUs), baseline: new Picture(durationUs) };
      for (const picture of Object.values(pictures)) picture.setLabels(labels);
      this.pictures.value = pictures;
      this.params.value = message.params;
      this.durationUs.value = durationUs;
      this.points.value = [];
      this.#latest = {};
    }
    if (message.kind === 'step') this.#takeStep(message);
    if (message.kind === 'done') this.state.value = 'done';
    if (message.kind === 'failed') {
      this.problem.value = message.message;
      this.state.value = 'idle';
    }
  }

  #takeStep(step: RunStep): void {
    this.pictures.value[step.side].add(step.frames);
    this.#latest[step.side] = step;
    const { trial, baseline } = this.#latest;
    if (trial === undefined || baseline === undefined) return;
    if (trial.machine.timeUs !== baseline.machine.timeUs) return;
    const { timeUs } = trial.machine;
    const { schemes } = trial;
    const point = { timeUs, trial: trial.machine, baseline: baseline.machine, schemes };
    const points = [...this.points.value];
    // The newest point moves on until it is far enough from the one before.
    const before = points.at(-2)?.timeUs ?? 0;
    if (timeUs - before < this.durationUs.value / MAX_POINTS && points.length > 1) points.pop();
    this.points.value = [...points, point];
  }
}
