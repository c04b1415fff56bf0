/**
 * The folder that holds the journals and the off switch. Only its owner may write there: what it
 * holds is replayed with the owner's rights.
 */
import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ThermoclineError } from '../base/errors.ts';

/** Environment variables, as `process.env` holds them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where the state lives: `THERMOCLINE_STATE_DIR`, or `/run/thermocline` for root, or a folder of
 * the user's own below `XDG_RUNTIME_DIR`, or else below the temporary folder. Touches nothing.
 */
export function stateFolderPath(
  environment: Environment = process.env,
  uid: number = process.geteuid!(),
): string {
  if (environment['THERMOCLINE_STATE_DIR']) return resolve(environment['THERMOCLINE_STATE_DIR']);
  if (uid === 0) return '/run/thermocline';
  if (environment['XDG_RUNTIME_DIR']) return join(environment['XDG_RUNTIME_DIR'], 'thermocline');
  return join(tmpdir(), `thermocline-${uid}`);
}

/**
 * Creates the folder with mode 0700 where it is missing, and checks that nobody else can write to
 * it.
 * @returns the same path
 * @throws ThermoclineError TC_DENIED for a symbolic link, another user's folder, or one that others
 * may write to; TC_SYSTEM when it can't be created
 */
export function openStateFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    // What already is there in another shape gets its own sentence below.
    if (!statOrNull(path)) {
      throw new ThermoclineError(
        'TC_SYSTEM',
        `The state folder ${path} can't be created (${(cause as NodeJS.ErrnoException).code}); ` +
          'name another one in THERMOCLINE_STATE_DIR.',
        { cause },
      );
    }
  }
  checkStateFolder(path);
  return path;
}

/**
 * Checks a folder that is only going to be read.
 * @returns false when there is none: then nothing was ever recorded
 * @throws ThermoclineError TC_DENIED as `openStateFolder` does
 */
export function checkStateFolder(path: string): boolean {
  const stat = statOrNull(path);
  if (!stat) return false;
  const fault = faultOf(stat, process.geteuid!());
  if (!fault) return true;
  throw new ThermoclineError(
    'TC_DENIED',
    `The state folder ${path} is not used because it ${fault}; ` +
      'remove it or name another one in THERMOCLINE_STATE_DIR.',
  );
}

function faultOf(stat: Stats, uid: number): string | null {
  if (stat.isSymbolicLink()) return 'is a symbolic link';
  if (!stat.isDirectory()) return 'is not a folder';
  if (stat.uid !== uid) return `belongs to another user (uid ${stat.uid})`;
  if (stat.mode & 0o022) return 'can be written to by other users';
  return null;
}

function statOrNull(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}
