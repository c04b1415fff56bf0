/** One service for each state folder: a file says which process it is, and where it listens. */
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ThermoclineError } from '../base/errors.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from '../host/linux/process-identity.ts';

/** What the file holds. */
interface Owner extends ProcessIdentity {
  readonly socket: string;
}

/** Where the service that has the folder listens; null where none lives. */
export function socketOfService(stateDir: string): string | null {
  const owner = ownerOf(join(stateDir, 'service.json'));
  return owner !== null && isAlive(owner) ? owner.socket : null;
}

/** Held for as long as a service lives; the file of one that was killed counts for nothing. */
export class OwnerLock implements Disposable {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  /**
   * @param socket where this service is going to listen
   * @throws ThermoclineError TC_BUSY while another service has the folder
   */
  static take(stateDir: string, socket: string): OwnerLock {
    const file = join(stateDir, 'service.json');
    const own = `${file}.${process.pid}`;
    writeFileSync(own, JSON.stringify({ ...ownIdentity(), socket } satisfies Owner), {
      mode: 0o600,
    });
    try {
      // A link appears under its name only once and as a whole.
      for (let attempts = 0; !linked(own, file); attempts++) {
        const owner = ownerOf(file);
        if ((owner !== null && isAlive(owner)) || attempts > 3) {
          throw new ThermoclineError(
            'TC_BUSY',
            `Process ${owner?.pid ?? '?'} is a service with the state folder ${stateDir} already; ` +
              'stop it, or name another folder with --state-dir.',
          );
        }
        rmSync(file, { force: true });
      }
    } finally {
      rmSync(own, { force: true });
    }
    return new OwnerLock(file);
  }

  [Symbol.dispose](): void {
    rmSync(this.#file, { force: true });
  }
}

function linked(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Null for a file that is gone or damaged: then nobody can be told apart from nobody. */
function ownerOf(file: string): Owner | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    return null;
  }
}
