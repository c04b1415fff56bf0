/** Who may do what: two secrets in files that only the service's owner can read. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';

/** `act` includes `read`. */
export type Scope = 'read' | 'act';

/** The two tokens of a state folder; they last until their file is removed. */
export class Tokens {
  readonly readTokenFile: string;
  readonly actTokenFile: string;
  readonly #digests: readonly (readonly [Scope, Buffer])[];

  /**
   * Reads the tokens of a state folder, making those that are missing.
   * @param stateDir a folder from `openStateFolder`
   * @throws ThermoclineError TC_DENIED for a file that others can read, TC_SYSTEM
   */
  constructor(stateDir: string) {
    this.readTokenFile = join(stateDir, 'read.token');
    this.actTokenFile = join(stateDir, 'act.token');
    this.#digests = [
      ['act', digestOf(readOrMake(this.actTokenFile))],
      ['read', digestOf(readOrMake(this.readTokenFile))],
    ];
  }

  /** What a token allows; null for one that is not ours. Takes as long for any. */
  scopeOf(token: string): Scope | null {
    const given = digestOf(token);
    let found: Scope | null = null;
    for (const [scope, digest] of this.#digests) {
      if (timingSafeEqual(given, digest)) found = scope;
    }
    return found;
  }
}

/** A secret that nobody guesses, in letters that need no quoting anywhere. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Of equal length whatever is compared, which a constant-time comparison needs. */
export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function readOrMake(file: string): string {
  try {
    writeFileSync(file, `${newSecret()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EEXIST') {
      throw new ThermoclineError('TC_SYSTEM', `${file} can't be written (${code}).`, { cause });
    }
  }
  const stat = lstatSync(file);
  const text = readFileSync(file, 'utf8').trim();
  if (stat.isFile() && (stat.mode & 0o077) === 0 && text.length >= 32) return text;
  throw new ThermoclineError(
    'TC_DENIED',
    `${file} is not used as a token: it has to be a regular file that only you can read, with 32 ` +
      'letters or more; remove it, and a new one is made.',
  );
}
