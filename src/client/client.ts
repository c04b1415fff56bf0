/** A client of API v1. It knows neither sockets nor pages: whoever makes one passes `fetch` in. */
import { type ErrorCode, ThermoclineError } from '../base/errors.ts';
import type {
  CgroupView,
  GoalFeedback,
  GoalView,
  HostView,
  MonitorSpec,
  MonitorView,
  PageLink,
  PlanView,
  Problem,
  ProcessView,
  ServiceEvent,
  ShadowView,
  StatsAnswer,
  WhatIfAnswer,
  WhatIfAsk,
} from './api-types.ts';
import { eventsOf } from './event-stream.ts';
import {
  decodeFrame,
  FRAMES_MEDIA_TYPE,
  FrameSplitter,
  type SnapshotFrame,
} from './snapshot-frame.ts';

/** `fetch`, or what does the same over a unix socket. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** How to reach a service. */
export interface ClientOptions {
  readonly fetch: Fetch;
  /** What stands in front of `/api/v1`; empty in the dashboard's own page. */
  readonly baseUrl?: string;
  /** Not needed with the page's cookie or over the unix socket. */
  readonly token?: string;
}

/** Which part of a history. Times are in microseconds, of the clock that the answers have. */
export interface HistoryRange {
  readonly fromUs?: number;
  readonly toUs?: number;
  /** So many pictures or points at most, evenly over the range. */
  readonly limit?: number;
}

/** Something that can be ended early. */
export interface StreamOptions {
  readonly signal?: AbortSignal;
  /** Called with each sign of life, also where there is nothing to tell. */
  readonly alive?: () => void;
}

/**
 * Calls the service. Whatever it refuses is thrown as the `ThermoclineError` that it was there;
 * without an answer, TC_SYSTEM.
 */
export class ThermoclineClient {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** The machine's facts and what it can do. */
  host(): Promise<HostView> {
    return this.#json('GET', '/host');
  }

  /** Processes with memory of their own, the largest first. */
  async processes(): Promise<readonly ProcessView[]> {
    return (await this.#json<{ processes: ProcessView[] }>('GET', '/host/processes')).processes;
  }

  /** Cgroups that can be read. */
  async cgroups(): Promise<readonly CgroupView[]> {
    return (await this.#json<{ cgroups: CgroupView[] }>('GET', '/host/cgroups')).cgroups;
  }

  /** Every monitor, by name. */
  async monitors(): Promise<readonly MonitorView[]> {
    return (await this.#json<{ monitors: MonitorView[] }>('GET', '/monitors')).monitors;
  }

  monitor(name: string): Promise<MonitorView> {
    return this.#json('GET', pathOf(name));
  }

  /** Starts watching; settles once the monitor runs. */
  create(spec: MonitorSpec): Promise<MonitorView> {
    return this.#json('POST', '/monitors', spec);
  }

  /** Replaces all parameters; what was learnt is kept. */
  commit(name: string, params: unknown): Promise<MonitorView> {
    return this.#json('PUT', pathOf(name), { params });
  }

  /**
   * Changes the named fields only. Of lists, an object with indexes changes the named entries:
   * `{ schemes: { 0: { quota: { sizeBytes: '64M' } } } }`.
   */
  change(name: string, params: Readonly<Record<string, unknown>>): Promise<MonitorView> {
    return this.#json('PATCH', pathOf(name), { params });
  }

  pause(name: string): Promise<MonitorView> {
    return this.#json('POST', `${pathOf(name)}/pause`);
  }

  resume(name: string): Promise<MonitorView> {
    return this.#json('POST', `${pathOf(name)}/resume`);
  }

  /** Stops watching and forgets the monitor; its recordings stay. */
  async remove(name: string): Promise<void> {
    await this.#ask('DELETE', pathOf(name));
  }

  /** The picture at this moment. */
  async snapshot(name: string): Promise<SnapshotFrame> {
    const frames = await this.#frames(`${pathOf(name)}/snapshot`);
    return frames[0]!;
  }

  /** Pictures of the past, oldest first; the older, the coarser in time. */
  history(name: string, range: HistoryRange = {}): Promise<readonly SnapshotFrame[]> {
    return this.#frames(`${pathOf(name)}/history${queryOf(range)}`);
  }

  /** Figures now and over time; `limit: 0` leaves the past out. */
  stats(name: string, range: HistoryRange = {}): Promise<StatsAnswer> {
    return this.#json('GET', `${pathOf(name)}/stats${queryOf(range)}`);
  }

  /** What it would take to have the monitors of a configuration; changes nothing. */
  plan(config: unknown): Promise<PlanView> {
    return this.#json('POST', '/plans', config);
  }

  /** Does what a plan says, unless the monitors have changed since. */
  applyPlan(id: string): Promise<PlanView> {
    return this.#json('POST', `/plans/${encodeURIComponent(id)}/apply`);
  }

  /** What schemes would have done to what the monitor has seen; touches nothing. */
  whatIf(name: string, ask: WhatIfAsk, options: StreamOptions = {}): Promise<WhatIfAnswer> {
    return this.#json('POST', `${pathOf(name)}/what-if`, ask, options.signal);
  }

  /** Begins to count what schemes would take from now on; `params` as for `change`. */
  beginShadow(name: string, params: Readonly<Record<string, unknown>>): Promise<ShadowView> {
    return this.#json('PUT', `${pathOf(name)}/shadow`, { params });
  }

  shadow(name: string): Promise<ShadowView> {
    return this.#json('GET', `${pathOf(name)}/shadow`);
  }

  async endShadow(name: string): Promise<void> {
    await this.#ask('DELETE', `${pathOf(name)}/shadow`);
  }

  async goals(name: string): Promise<readonly GoalView[]> {
    return (await this.#json<{ goals: GoalView[] }>('GET', `${pathOf(name)}/goals`)).goals;
  }

  /** Feeds a measurement to a goal whose metric is `user_input`. */
  async feedGoal(name: string, feedback: GoalFeedback): Promise<readonly GoalView[]> {
    return (await this.#json<{ goals: GoalView[] }>('PUT', `${pathOf(name)}/goals`, feedback))
      .goals;
  }

  /**
   * A picture at the end of each aggregation interval, until the monitor ends. A reader that is
   * slow misses some.
   */
  async *stream(name: string, options: StreamOptions = {}): AsyncGenerator<SnapshotFrame> {
    const { signal, alive } = options;
    const response = await this.#ask('GET', `${pathOf(name)}/stream`, undefined, signal);
    const splitter = new FrameSplitter();
    for await (const piece of piecesOf(response)) {
      alive?.();
      for (const bytes of splitter.push(piece)) {
        const frame = decodeFrame(bytes);
        if (frame !== null) yield frame;
      }
    }
  }

  /**
   * What happens in the service, from now on, or from behind the event `afterId` where the service
   * still has those.
   */
  async *events(
    options: StreamOptions & { readonly afterId?: number } = {},
  ): AsyncGenerator<ServiceEvent> {
    const { signal, alive, afterId } = options;
    const headers = afterId === undefined ? undefined : { 'last-event-id': String(afterId) };
    const response = await this.#ask('GET', '/events', undefined, signal, headers);
    yield* eventsOf(piecesOf(response), alive);
  }

  /** Turns the one-time code of the link into the page's cookie. */
  async signIn(code: string): Promise<void> {
    await this.#ask('POST', '/session', { code });
  }

  /** A new one-time code for a browser. */
  newPageLink(): Promise<PageLink> {
    return this.#json('POST', '/session/codes');
  }

  async #frames(path: string): Promise<SnapshotFrame[]> {
    const response = await this.#ask('GET', path, undefined, undefined, {
      accept: FRAMES_MEDIA_TYPE,
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return [...new FrameSplitter().push(bytes)].map(decodeFrame).filter((frame) => frame !== null);
  }

  async #json<Answer>(
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<Answer> {
    const response = await this.#ask(method, path, body, signal);
    return (await response.json()) as Answer;
  }

  async #ask(
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const { fetch, baseUrl = '', token } = this.#options;
    const response = await fetch(`${baseUrl}/api/v1${path}`, {
      method,
      headers: {
        ...headers,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    }).catch((cause) => {
      if (signal?.aborted) throw cause;
      throw new ThermoclineError('TC_SYSTEM', 'The service does not answer; is it running?', {
        cause,
      });
    });
    if (response.ok) return response;
    throw await errorOf(response);
  }
}

function pathOf(name: string): string {
  return `/monitors/${encodeURIComponent(name)}`;
}

function queryOf({ fromUs, toUs, limit }: HistoryRange): string {
  const query = new URLSearchParams();
  if (fromUs !== undefined) query.set('from', String(fromUs));
  if (toUs !== undefined) query.set('to', String(toUs));
  if (limit !== undefined) query.set('limit', String(limit));
  return query.size === 0 ? '' : `?${query}`;
}

async function* piecesOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body!.getReader();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function errorOf(response: Response): Promise<ThermoclineError> {
  const problem = (await response.json().catch(() => null)) as Partial<Problem> | null;
  const code: ErrorCode = problem?.code ?? 'TC_SYSTEM';
  const detail = problem?.detail ?? `The service answered with status ${response.status}.`;
  return new ThermoclineError(code, detail);
}
