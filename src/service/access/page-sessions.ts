/** How a browser gets in: a one-time code out of the link's fragment becomes a cookie. */
import type { Scope } from './tokens.ts';
import { digestOf, newSecret } from './tokens.ts';

const CODE_LIFE_MS = 10 * 60 * 1000;
const SESSION_LIFE_MS = 12 * 60 * 60 * 1000;
const MAX_CODES = 16;
const MAX_SESSIONS = 64;

/** What a code or a cookie stands for. */
interface Grant {
  readonly scope: Scope;
  readonly untilMs: number;
}

/** Codes and cookies in force. Secrets are kept as digests, and looked up by those. */
export class PageSessions {
  readonly #nowMs: () => number;
  readonly #codes = new Map<string, Grant>();
  readonly #sessions = new Map<string, Grant>();

  /** @param nowMs a clock that never goes back */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** A code for one sign-in within ten minutes. */
  newCode(scope: Scope): string {
    return this.#add(this.#codes, scope, CODE_LIFE_MS, MAX_CODES);
  }

  /** The cookie for a code, which is used up by this; null for one that is not in force. */
  redeem(code: string): string | null {
    const grant = this.#find(this.#codes, code);
    if (grant === null) return null;
    this.#codes.delete(keyOf(code));
    return this.#add(this.#sessions, grant.scope, SESSION_LIFE_MS, MAX_SESSIONS);
  }

  /** What a cookie allows; null when it is not in force. */
  scopeOf(cookie: string): Scope | null {
    return this.#find(this.#sessions, cookie)?.scope ?? null;
  }

  #add(grants: Map<string, Grant>, scope: Scope, lifeMs: number, limit: number): string {
    const secret = newSecret();
    if (grants.size >= limit) grants.delete(grants.keys().next().value!);
    grants.set(keyOf(secret), { scope, untilMs: this.#nowMs() + lifeMs });
    return secret;
  }

  #find(grants: Map<string, Grant>, secret: string): Grant | null {
    const grant = grants.get(keyOf(secret));
    if (grant === undefined || grant.untilMs < this.#nowMs()) return null;
    return grant;
  }
}

function keyOf(secret: string): string {
  return digestOf(secret).toString('base64');
}
