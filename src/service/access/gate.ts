/** Decides for each request whether it may pass, before anything of it is read. */
import { HttpProblem } from '../api/problem.ts';
import type { PageSessions } from './page-sessions.ts';
import { RateLimit } from './rate-limit.ts';
import type { Scope, Tokens } from './tokens.ts';

/** Where a request has come in. */
export type Transport = 'unix' | 'tcp';

/** Requests that are refused, all together: nobody guesses fast. */
const REFUSED = { burst: 100, perSecond: 20 };
/** Requests of each kind of caller. */
const PASSED = { burst: 1000, perSecond: 200 };

/** What a gate goes by. */
export interface GateOptions {
  readonly tokens: Tokens;
  readonly sessions: PageSessions;
  /** `127.0.0.1:8472` and the like: what `Host` may be over TCP. */
  readonly hosts: () => readonly string[];
  readonly nowMs: () => number;
}

/** One gate for all of the API. */
export class Gate {
  readonly #options: GateOptions;
  readonly #refused: RateLimit;
  readonly #passed: Readonly<Record<'unix' | 'token' | 'page', RateLimit>>;

  constructor(options: GateOptions) {
    this.#options = options;
    const limit = ({ burst, perSecond }: typeof PASSED) =>
      new RateLimit(burst, perSecond, options.nowMs);
    this.#refused = limit(REFUSED);
    this.#passed = { unix: limit(PASSED), token: limit(PASSED), page: limit(PASSED) };
  }

  /**
   * Lets an API request pass, or throws an `HttpProblem`.
   * @param needed `null` for what proves itself in another way, as signing in does
   */
  check(request: Request, transport: Transport, needed: Scope | null): void {
    try {
      this.#checkSource(request, transport);
      if (needed === null) return;
      this.#checkScope(request, transport, needed);
    } catch (problem) {
      throw this.#refused.take() ? problem : tooMany();
    }
  }

  /** Counts one refusal that was found elsewhere, such as a wrong code. */
  refuse(problem: HttpProblem): never {
    throw this.#refused.take() ? problem : tooMany();
  }

  /** No other name for this machine, which is how a foreign name would lead here. */
  checkHost({ headers }: Request, transport: Transport): void {
    if (transport === 'unix') return;
    const hosts = this.#options.hosts();
    if (hosts.includes(headers.get('host') ?? '')) return;
    const sentence = `The service goes by the name ${hosts[0]} and no other; use that address.`;
    throw new HttpProblem(403, 'TC_DENIED', sentence);
  }

  /** No page of another site: also for what needs no scope. */
  #checkSource(request: Request, transport: Transport): void {
    this.checkHost(request, transport);
    const { headers } = request;
    const origin = headers.get('origin');
    if (transport === 'unix' && origin !== null) {
      throw new HttpProblem(403, 'TC_DENIED', 'Pages of browsers have no business on this socket.');
    }
    const isOwn = origin === null || origin === `http://${headers.get('host')}`;
    const site = headers.get('sec-fetch-site') ?? 'none';
    if (isOwn && ['same-origin', 'none'].includes(site)) return;
    const sentence = 'Pages of other sites may not call the service; open its own address.';
    throw new HttpProblem(403, 'TC_DENIED', sentence);
  }

  #checkScope(request: Request, transport: Transport, needed: Scope): void {
    const { caller, scope } = this.#callerOf(request, transport);
    if (needed === 'act' && scope === 'read') {
      const sentence = 'The read token only reads; this needs the act token.';
      throw new HttpProblem(403, 'TC_DENIED', sentence);
    }
    // A page's own requests that change something say where they come from.
    if (caller === 'page' && needed === 'act' && request.headers.get('origin') === null) {
      throw new HttpProblem(403, 'TC_DENIED', 'A change by cookie needs the Origin of the page.');
    }
    if (!this.#passed[caller].take()) throw tooMany();
  }

  #callerOf(
    { headers }: Request,
    transport: Transport,
  ): { caller: 'unix' | 'token' | 'page'; scope: Scope } {
    const { tokens, sessions } = this.#options;
    const authorization = headers.get('authorization');
    if (authorization !== null) {
      const token = /^Bearer ([\w-]{1,200})$/i.exec(authorization)?.[1];
      const scope = token === undefined ? null : tokens.scopeOf(token);
      if (scope !== null) return { caller: 'token', scope };
      throw notSignedIn('The token is not one of this service');
    }
    // Only the service's owner can open its socket: the file's mode is the key.
    if (transport === 'unix') return { caller: 'unix', scope: 'act' };
    const cookie = cookieOf(headers.get('cookie') ?? '');
    const scope = cookie === null ? null : sessions.scopeOf(cookie);
    if (scope !== null) return { caller: 'page', scope };
    throw notSignedIn('This needs a token');
  }
}

const COOKIE_NAME = 'thermocline';

/** The header that gives the page its cookie: no script can read it, no other site can send it. */
export function cookieHeader(cookie: string): string {
  return `${COOKIE_NAME}=${cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200`;
}

function cookieOf(header: string): string | null {
  return /(?:^|; ?)thermocline=([\w-]{1,200})(?:;|$)/.exec(header)?.[1] ?? null;
}

function notSignedIn(why: string): HttpProblem {
  return new HttpProblem(
    401,
    'TC_DENIED',
    `${why}; send "Authorization: Bearer TOKEN" with that of its token file, or open the link that ` +
      'the service has printed.',
  );
}

function tooMany(): HttpProblem {
  return new HttpProblem(429, 'TC_BUSY', 'Too many requests; wait a second and ask again.');
}
