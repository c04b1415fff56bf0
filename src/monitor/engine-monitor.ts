import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from 'node:worker_threads';
import { ThermoclineError } from '../base/errors.ts';
import type { Snapshot } from '../params/snapshot.ts';
import type { Params } from '../params/types.ts';
import { DEFAULT_CPU_CEILING } from './cost-ceiling.ts';
import {
  type AnswerValue,
  type Command,
  type EngineWorkerData,
  NR_CONTROL_WORDS,
  REQUESTS_WORD,
  SNAPSHOT_WANTED_WORD,
  START_ID,
  type WorkerMessage,
} from './engine-messages.ts';
import type { Monitor, MonitorDescription, MonitorEnd, MonitorStats } from './monitor.ts';
import {
  alreadyEnded,
  END_BY_REQUEST,
  errorData,
  errorFrom,
  notStarted,
  startedBefore,
} from './monitor-error.ts';
import { describeOperations, type OperationsSpec } from './operations-factory.ts';
import { SnapshotStream } from './snapshot-stream.ts';

/** Requests that may wait for the worker at a time. */
const MAX_WAITING = 64;

/** A worker that does not stop by itself within this time is ended by force. */
const STOP_PATIENCE_MS = 5000;

/** What to watch, how, and at what cost. */
export interface EngineMonitorOptions {
  readonly operations: OperationsSpec;
  readonly params: Params;
  /** The same seed draws the same addresses; random by default. */
  readonly seed?: number;
  /** Share of one CPU that monitoring may use, above 0; 1 % by default. */
  readonly cpuCeiling?: number;
  /** The worker's program, by default the engine. */
  readonly workerEntry?: URL;
}

interface Waiting {
  resolve(value: AnswerValue): void;
  reject(error: Error): void;
}

/**
 * Watches with the engine, in a worker thread on the real clock. Every promise settles: with an
 * answer, or with one sentence when the worker refuses, has ended or was lost.
 */
export class EngineMonitor implements Monitor {
  readonly ended: Promise<MonitorEnd>;
  readonly #options: EngineMonitorOptions;
  readonly #control = new Int32Array(
    new SharedArrayBuffer(NR_CONTROL_WORDS * Int32Array.BYTES_PER_ELEMENT),
  );
  readonly #waiting = new Map<number, Waiting>();
  readonly #stream = new SnapshotStream();
  readonly #settleEnded: (end: MonitorEnd) => void;
  #description: MonitorDescription;
  #worker: Worker | null = null;
  #port: MessagePort | null = null;
  #nextId = START_ID;
  #lastWord: MonitorEnd | null = null;
  #end: MonitorEnd | null = null;

  constructor(options: EngineMonitorOptions) {
    this.#options = options;
    this.#description = describeOperations(options.operations);
    const { promise, resolve } = Promise.withResolvers<MonitorEnd>();
    this.ended = promise;
    this.#settleEnded = resolve;
  }

  get description(): MonitorDescription {
    return this.#description;
  }

  async start(): Promise<void> {
    if (this.#end !== null) throw alreadyEnded(this.#end);
    if (this.#worker !== null) throw startedBefore();
    const { port1, port2 } = new MessageChannel();
    port1.on('message', (message: WorkerMessage) => this.#receive(message));
    this.#port = port1;
    this.#worker = this.#startWorker(port2);
    this.#description = (await this.#wait()) as MonitorDescription;
  }

  async commit(params: Params): Promise<void> {
    await this.#request({ name: 'commit', params });
  }

  async setGoalValue(schemeIndex: number, goalIndex: number, value: number): Promise<void> {
    await this.#request({ name: 'setGoalValue', schemeIndex, goalIndex, value });
  }

  async snapshot(): Promise<Snapshot> {
    return (await this.#request({ name: 'snapshot' })) as Snapshot;
  }

  async stats(): Promise<MonitorStats> {
    return (await this.#request({ name: 'stats' })) as MonitorStats;
  }

  snapshots(): AsyncIterable<Snapshot> {
    return this.#stream.read(() => this.#wantSnapshot());
  }

  async pause(): Promise<void> {
    await this.#request({ name: 'pause' });
  }

  async resume(): Promise<void> {
    await this.#request({ name: 'resume' });
  }

  async stop(): Promise<void> {
    if (this.#worker === null) this.#finish(END_BY_REQUEST);
    if (this.#end !== null) return;
    // Whatever it answers, the end of the worker is what counts.
    this.#post({ name: 'stop' }, this.#nextId++);
    const impatience = setTimeout(() => this.#endByForce(), STOP_PATIENCE_MS);
    await this.ended;
    clearTimeout(impatience);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #startWorker(port: MessagePort): Worker {
    const { operations, params, cpuCeiling, seed, workerEntry } = this.#options;
    const workerData: EngineWorkerData = {
      port,
      control: this.#control.buffer as SharedArrayBuffer,
      operations,
      params,
      seed: seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!,
      cpuCeiling: cpuCeiling ?? DEFAULT_CPU_CEILING,
    };
    const worker = new Worker(workerEntry ?? ENGINE_ENTRY, {
      name: 'thermocline-engine',
      // System calls open process descriptors that Node knows nothing of; it need not warn of them.
      trackUnmanagedFds: false,
      workerData,
      transferList: [port],
    });
    worker.on('error', (error) => this.#noteEnd(errorData(error).message));
    worker.on('exit', (code) => this.#afterExit(code));
    return worker;
  }

  #request(command: Command): Promise<AnswerValue> {
    if (this.#end !== null) return Promise.reject(alreadyEnded(this.#end));
    if (this.#port === null) return Promise.reject(notStarted());
    if (this.#waiting.size >= MAX_WAITING) return Promise.reject(tooManyRequests());
    const id = this.#nextId;
    const answer = this.#wait();
    this.#post(command, id);
    return answer;
  }

  /** A promise for the answer to the request of the next number. */
  #wait(): Promise<AnswerValue> {
    const { promise, resolve, reject } = Promise.withResolvers<AnswerValue>();
    this.#waiting.set(this.#nextId++, { resolve, reject });
    return promise;
  }

  #post(command: Command, id: number): void {
    this.#port?.postMessage({ id, command });
    Atomics.add(this.#control, REQUESTS_WORD, 1);
    Atomics.notify(this.#control, REQUESTS_WORD);
  }

  #receive(message: WorkerMessage): void {
    switch (message.type) {
      case 'answer':
        this.#take(message.id)?.resolve(message.value);
        break;
      case 'refusal':
        this.#take(message.id)?.reject(errorFrom(message.error));
        break;
      case 'snapshot':
        this.#stream.publish(message.snapshot);
        if (this.#stream.hasReaders) this.#wantSnapshot();
        break;
      case 'end':
        this.#lastWord = message.end;
        break;
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  /** The worker sends one snapshot for each leave, so none pile up while this thread is busy. */
  #wantSnapshot(): void {
    Atomics.store(this.#control, SNAPSHOT_WANTED_WORD, 1);
  }

  /** A thread that hangs in the kernel may outlive even this; nobody has to wait for it. */
  #endByForce(): void {
    this.#noteEnd('The monitoring thread did not stop in time and was ended by force.');
    void this.#worker?.terminate();
    this.#finish(this.#lastWord!);
  }

  #noteEnd(message: string): void {
    this.#lastWord ??= { reason: 'failed', message: message.split('\n', 1)[0]! };
  }

  /** Messages may still be on their way when the news of the exit comes. */
  #afterExit(code: number): void {
    while (this.#end === null) {
      const rest = receiveMessageOnPort(this.#port!);
      if (rest === undefined) break;
      this.#receive(rest.message as WorkerMessage);
    }
    this.#noteEnd(`The monitoring thread ended without a word (exit code ${code}).`);
    this.#finish(this.#lastWord!);
  }

  #finish(end: MonitorEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#port?.close();
    for (const { reject } of this.#waiting.values()) {
      reject(
        end.reason === 'failed'
          ? new ThermoclineError('TC_SYSTEM', end.message)
          : alreadyEnded(end),
      );
    }
    this.#waiting.clear();
    this.#stream.end();
    this.#settleEnded(end);
  }
}

/** A package holds the built file only, a clone the source only. */
const ENGINE_ENTRY: URL = new URL(
  import.meta.url.endsWith('.ts') ? './engine-worker.ts' : './engine-worker.js',
  import.meta.url,
);

function tooManyRequests(): ThermoclineError {
  return new ThermoclineError(
    'TC_BUSY',
    `${MAX_WAITING} requests are waiting for this monitor already; wait for their answers first.`,
  );
}
