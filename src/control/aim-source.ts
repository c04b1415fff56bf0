/** Measures an aim's metric again and again, beside the loop, which never waits for it. */
import { execFile } from 'node:child_process';
import { type Clock, monotonicClock } from '../base/clock.ts';
import { type Aim, type Measurement, parseMetric, type WatchedAim } from '../policies/aim.ts';
import type { CommandMetric, MetricSource, PrometheusMetric } from './aim-config.ts';

/** A value that is older than so many intervals is stale. */
const STALE_INTERVALS = 5;
const MAX_ANSWER_BYTES = 65_536;

/** One metric, measured every `everyUs` until it is disposed. */
export class MeasuredAim implements WatchedAim, Disposable {
  readonly aim: Aim;
  readonly staleAfterUs: number;
  readonly #source: MetricSource;
  readonly #clock: Clock;
  readonly #timer: NodeJS.Timeout;
  readonly #over = new AbortController();
  #latest: Measurement | null = null;
  #isMeasuring = false;

  constructor(aim: Aim, source: MetricSource, everyUs: number, clock: Clock = monotonicClock) {
    this.aim = aim;
    this.staleAfterUs = everyUs * STALE_INTERVALS;
    this.#source = source;
    this.#clock = clock;
    this.#timer = setInterval(() => void this.measure(), everyUs / 1000);
    this.#timer.unref();
    void this.measure();
  }

  latest(): Measurement | null {
    return this.#latest;
  }

  /** Measures once; a failure leaves the last value, which grows stale. Never rejects. */
  async measure(): Promise<void> {
    if (this.#isMeasuring) return;
    this.#isMeasuring = true;
    try {
      const { signal } = this.#over;
      const text =
        'command' in this.#source
          ? await runCommand(this.#source, signal)
          : await askPrometheus(this.#source, signal);
      const value = parseMetric(text, this.aim);
      if (value !== null) this.#latest = { value, timeUs: this.#clock.nowUs() };
    } catch {
      // Absent or slow: the score says so once the last value is stale.
    } finally {
      this.#isMeasuring = false;
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#over.abort();
  }
}

/** Without a shell, without our environment, as somebody else than us where that is possible. */
function runCommand(
  { command, uid, gid, timeoutMs }: CommandMetric,
  signal: AbortSignal,
): Promise<string> {
  const [program, ...args] = command;
  const identity = process.geteuid!() === 0 ? { uid, gid } : {};
  return new Promise((resolve, reject) => {
    execFile(
      program!,
      args,
      {
        ...{ ...identity, signal, timeout: timeoutMs, maxBuffer: MAX_ANSWER_BYTES },
        ...{ killSignal: 'SIGKILL', cwd: '/', env: { PATH: '/usr/bin:/bin' }, shell: false },
      },
      (error, stdout) => (error === null ? resolve(stdout) : reject(error)),
    );
  });
}

/** The first value of an instant query. */
async function askPrometheus(
  { prometheus, query, timeoutMs }: PrometheusMetric,
  signal: AbortSignal,
): Promise<string> {
  const url = new URL('/api/v1/query', prometheus);
  url.searchParams.set('query', query);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const response = await fetch(url, { signal: limit, redirect: 'error' });
  const answer = (await response.json()) as {
    readonly data?: { readonly result?: readonly { readonly value?: readonly unknown[] }[] };
  };
  return String(answer.data?.result?.[0]?.value?.[1] ?? '');
}
