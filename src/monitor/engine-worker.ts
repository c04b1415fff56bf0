/** Entry of the worker thread in which an engine monitor runs. */
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type Clock, monotonicClock } from '../base/clock.ts';
import { KernelRandom } from '../base/random.ts';
import type { Snapshot } from '../params/snapshot.ts';
import { EngineDriver } from './engine-driver.ts';
import {
  type AnswerValue,
  type EngineWorkerData,
  REQUESTS_WORD,
  type Request,
  SNAPSHOT_WANTED_WORD,
  START_ID,
  type WorkerMessage,
} from './engine-messages.ts';
import type { MonitorEnd } from './monitor.ts';
import { errorData } from './monitor-error.ts';
import { openOperations } from './operations-factory.ts';

const data = workerData as EngineWorkerData;
const control = new Int32Array(data.control);
let requestsSeen = 0;

function post(message: WorkerMessage, transfer: ArrayBuffer[] = []): void {
  data.port.postMessage(message, transfer);
}

/** The core knows no calendar, so the time of day joins here. */
function withWallTime(snapshot: Snapshot): Snapshot {
  return { ...snapshot, wallTimeUs: Date.now() * 1000 };
}

/** Columns are handed over, not copied: the core made them for this snapshot only. */
function columnsOf(value: object): ArrayBuffer[] {
  return Object.values(value)
    .filter((column) => ArrayBuffer.isView(column))
    .map((column) => column.buffer as ArrayBuffer);
}

async function startDriver(): Promise<EngineDriver> {
  const originUs = monotonicClock.nowUs();
  const clock: Clock = { nowUs: () => monotonicClock.nowUs() - originUs };
  const set = await openOperations(data.operations, data.params, clock);
  const driver = new EngineDriver({
    set,
    params: data.params,
    clock,
    random: new KernelRandom(data.seed),
    cpuUs: threadCpuUs,
    cpuCeiling: data.cpuCeiling,
    aggregated: () => {
      if (Atomics.exchange(control, SNAPSHOT_WANTED_WORD, 0) === 0) return;
      const snapshot = withWallTime(driver.snapshot());
      post({ type: 'snapshot', snapshot }, columnsOf(snapshot));
    },
  });
  post({ type: 'answer', id: START_ID, value: set.description });
  return driver;
}

function threadCpuUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

function perform(driver: EngineDriver, { command }: Request): AnswerValue {
  switch (command.name) {
    case 'snapshot':
      return withWallTime(driver.snapshot());
    case 'stats':
      return driver.stats();
    case 'setGoalValue':
      driver.setGoalValue(command.schemeIndex, command.goalIndex, command.value);
      return null;
    case 'commit':
      driver.commit(command.params);
      return null;
    case 'pause':
      driver.pause();
      return null;
    case 'resume':
      driver.resume();
      return null;
    case 'stop':
      driver.requestStop();
      return null;
  }
}

function serve(driver: EngineDriver): void {
  for (;;) {
    const request = receiveMessageOnPort(data.port)?.message as Request | undefined;
    if (request === undefined) return;
    const { id } = request;
    try {
      const value = perform(driver, request);
      post({ type: 'answer', id, value }, value === null ? [] : columnsOf(value));
    } catch (thrown) {
      post({ type: 'refusal', id, error: errorData(thrown) });
    }
  }
}

/**
 * Sleeps, and answers requests as they come; a request doesn't shorten the sleep, save one to stop.
 * A sleeping thread is woken through shared memory, so neither a busy main thread nor an event loop
 * delays the sampling.
 */
function sleep(driver: EngineDriver, durationUs: number): void {
  const dueUs = monotonicClock.nowUs() + durationUs;
  for (;;) {
    const requests = Atomics.load(control, REQUESTS_WORD);
    if (requests !== requestsSeen) serve(driver);
    requestsSeen = requests;
    const leftUs = dueUs - monotonicClock.nowUs();
    if (leftUs <= 0 || driver.stopping) return;
    Atomics.wait(control, REQUESTS_WORD, requests, leftUs / 1000);
  }
}

async function run(): Promise<MonitorEnd> {
  const driver = await startDriver();
  for (let sleepUs = driver.step(); sleepUs >= 0; sleepUs = driver.step()) sleep(driver, sleepUs);
  return driver.end!;
}

try {
  post({ type: 'end', end: await run() });
} catch (thrown) {
  const error = errorData(thrown);
  post({ type: 'refusal', id: START_ID, error });
  post({ type: 'end', end: { reason: 'failed', message: error.message } });
}
data.port.close();
