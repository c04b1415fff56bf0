import type { Snapshot } from '../params/snapshot.ts';
import type { Params } from '../params/types.ts';
import type { EngineDriver } from './engine-driver.ts';
import type { Monitor, MonitorDescription, MonitorEnd, MonitorStats } from './monitor.ts';
import { alreadyEnded, END_BY_REQUEST, notStarted, startedBefore } from './monitor-error.ts';
import { Simulation, type SimulationOptions } from './simulation.ts';
import { SnapshotStream } from './snapshot-stream.ts';

/**
 * A simulation behind the contract of all monitors. Its time passes only in `advance`: whoever made
 * it decides how fast.
 */
export class VirtualMonitor implements Monitor {
  readonly simulation: Simulation;
  readonly ended: Promise<MonitorEnd>;
  readonly #settleEnded: (end: MonitorEnd) => void;
  readonly #stream = new SnapshotStream();
  #started = false;
  #end: MonitorEnd | null = null;

  /** Throws TC_INVALID for parameters that can't be taken. */
  constructor(options: SimulationOptions) {
    this.simulation = new Simulation({
      ...options,
      aggregated: (simulation) => {
        options.aggregated?.(simulation);
        if (this.#stream.hasReaders) this.#stream.publish(simulation.snapshot());
      },
    });
    const { promise, resolve } = Promise.withResolvers<MonitorEnd>();
    this.ended = promise;
    this.#settleEnded = resolve;
  }

  get description(): MonitorDescription {
    return this.simulation.description;
  }

  async start(): Promise<void> {
    if (this.#end !== null) throw alreadyEnded(this.#end);
    if (this.#started) throw startedBefore();
    this.#started = true;
    this.#run(0);
  }

  /**
   * Lets `durationUs` of the machine's time pass. Does nothing before the start or after the end.
   */
  advance(durationUs: number): void {
    if (this.#started && this.#end === null) this.#run(durationUs);
  }

  async commit(params: Params): Promise<void> {
    this.#driver().commit(params);
  }

  async setGoalValue(schemeIndex: number, goalIndex: number, value: number): Promise<void> {
    this.#driver().setGoalValue(schemeIndex, goalIndex, value);
  }

  async snapshot(): Promise<Snapshot> {
    return this.#driver().snapshot();
  }

  async stats(): Promise<MonitorStats> {
    return this.#driver().stats();
  }

  snapshots(): AsyncIterable<Snapshot> {
    return this.#stream.read();
  }

  async pause(): Promise<void> {
    this.#driver().pause();
  }

  async resume(): Promise<void> {
    this.#driver().resume();
  }

  async stop(): Promise<void> {
    if (this.#end !== null) return;
    if (this.#started) this.simulation.stop();
    this.#finish(this.simulation.end ?? END_BY_REQUEST);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #driver(): EngineDriver {
    if (this.#end !== null) throw alreadyEnded(this.#end);
    if (!this.#started) throw notStarted();
    return this.simulation.driver;
  }

  #run(durationUs: number): void {
    this.simulation.runFor(durationUs);
    if (this.simulation.end !== null) this.#finish(this.simulation.end);
  }

  #finish(end: MonitorEnd): void {
    this.#end = end;
    this.#stream.end();
    this.#settleEnded(end);
  }
}
