import { ThermoclineClient } from '../../src/client/client.ts';
import { Connection } from './connection.ts';

/** The connection of a page to the service that it came from. */
export function openConnection(): Connection {
  const connection = new Connection({
    client: new ThermoclineClient({ fetch: fetchInTime }),
    nowMs: () => performance.now(),
    wait,
  });
  void connection.run(takeCode());
  // A link may be opened in a page that is open already.
  addEventListener('hashchange', () => {
    const code = takeCode();
    if (code !== null) void connection.signIn(code);
  });
  return connection;
}

/** Streams bring a signal of their own; all else is answered by then, or not at all. */
const ANSWER_MS = 15_000;

/** Without a limit, requests into a silent network would pile up until no new one gets out. */
function fetchInTime(url: string, init?: RequestInit): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(ANSWER_MS), ...init });
}

/** The one-time code of the link, which is taken out of the address at once. */
function takeCode(): string | null {
  const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1];
  if (code === undefined) return null;
  history.replaceState(null, '', location.pathname);
  return code;
}

/** Longer timers than this fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

function wait(durationMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.resolve();
  const timer = setTimeout(resolve, Math.min(durationMs, LONGEST_MS));
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    resolve();
  });
  return promise;
}
