/** The worker of the playground: the very engine, on machines that do not exist. */
import type { FromWorker, ToWorker } from './messages.ts';
import { buffersOf, TwinRun } from './twin-run.ts';

/** Milliseconds between two messages to the page. */
const STEP_MS = 50;
/** As fast as it can: simulated time of one step, and how long it may work on one message. */
const FAST_STEP_US = 100_000;
const FAST_WORK_MS = 40;

let run: TwinRun | null = null;
let speed = 10;
let paused = false;
let timer: ReturnType<typeof setTimeout> | undefined;

function say(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  postMessage(message, { transfer });
}

function tick(): void {
  if (run === null || paused) return;
  const beganMs = performance.now();
  try {
    let steps = run.advance(speed === 0 ? FAST_STEP_US : speed * STEP_MS * 1000);
    if (speed === 0) {
      while (!run.isDone && performance.now() - beganMs < FAST_WORK_MS) {
        const next = run.advance(FAST_STEP_US);
        steps = next.map((step, index) => ({
          ...step,
          frames: [...steps[index]!.frames, ...step.frames],
        }));
      }
    }
    for (const step of steps) say(step, buffersOf(step));
  } catch (error) {
    fail(error);
    return;
  }
  if (run.isDone) {
    say({ kind: 'done' });
    return;
  }
  const restMs = speed === 0 ? 0 : STEP_MS - (performance.now() - beganMs);
  timer = setTimeout(tick, Math.max(restMs, 0));
}

function fail(error: unknown): void {
  run = null;
  say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}

function take(message: ToWorker): void {
  clearTimeout(timer);
  if (message.kind === 'start') {
    try {
      run = new TwinRun(message);
    } catch (error) {
      fail(error);
      return;
    }
    speed = message.speed;
    paused = false;
    say(run.begun);
  }
  if (message.kind === 'speed') speed = message.speed;
  if (message.kind === 'pause') paused = true;
  if (message.kind === 'resume') paused = false;
  if (run !== null && !run.isDone) tick();
}

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => take(data));
