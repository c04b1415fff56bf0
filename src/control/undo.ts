/**
 * Puts a file back as it was. What is to be written comes from a journal, so this trusts nothing in
 * it: only known files below the cgroup root can be written, with values that they take.
 */
import { closeSync, constants, openSync, realpathSync, writeSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { ThermoclineError } from '../base/errors.ts';
import type { LeverUndo } from '../host/host.ts';

/** The files that a lever may change. `memory.max` is missing on purpose: it is never lowered. */
const RESTORABLE_FILES: ReadonlySet<string> = new Set([
  'memory.high',
  'memory.low',
  'memory.swap.high',
]);
const LIMIT = /^(max|\d{1,20})\n?$/;
/** The kernel's DAMON settings belong to whoever made them. */
const DAMON_SETTINGS = /\/kernel\/mm\/damon(\/|$)/;

/** `gone`: the file no longer exists, so nothing is left to put back. */
export type UndoOutcome = 'restored' | 'gone';

/**
 * Says whether an undo could be replayed, without writing.
 * @param cgroupRoot where the cgroup v2 tree is mounted
 * @throws ThermoclineError TC_DENIED for a file or a value outside the allow-list
 */
export function checkUndo(undo: LeverUndo, cgroupRoot: string): 'possible' | 'gone' {
  if (!RESTORABLE_FILES.has(basename(undo.file)) || !LIMIT.test(undo.content)) refuse(undo);
  const root = realPathOrNull(cgroupRoot);
  const folder = realPathOrNull(dirname(undo.file));
  if (root === null || folder === null) {
    // A cgroup that has gone took its limits along; what lies outside is refused all the same.
    if (!isBelow(undo.file, cgroupRoot)) refuse(undo);
    return 'gone';
  }
  if (!isBelow(join(folder, basename(undo.file)), root) || DAMON_SETTINGS.test(folder))
    refuse(undo);
  return 'possible';
}

/**
 * Writes the old content back. Doing it twice does no harm.
 * @throws ThermoclineError TC_DENIED as `checkUndo`, TC_SYSTEM when the write fails
 */
export function applyUndo(undo: LeverUndo, cgroupRoot: string): UndoOutcome {
  if (checkUndo(undo, cgroupRoot) === 'gone') return 'gone';
  try {
    // Never creates, and never follows a link out of the tree.
    const flags = constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW;
    const fd = openSync(undo.file, flags);
    try {
      writeSync(fd, undo.content);
    } finally {
      closeSync(fd);
    }
    return 'restored';
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV') return 'gone';
    throw new ThermoclineError(
      'TC_SYSTEM',
      `${undo.file} can't be put back to "${undo.content.trim()}" (${code}); ` +
        'write it by hand, then run "thermocline restore".',
      { cause },
    );
  }
}

function refuse(undo: LeverUndo): never {
  throw new ThermoclineError(
    'TC_DENIED',
    `${JSON.stringify(undo.file)} is not written to: undoing is limited to ` +
      `${[...RESTORABLE_FILES].join(', ')} below the cgroup root, with a size or "max".`,
  );
}

function isBelow(file: string, folder: string): boolean {
  // join() takes ".." out, so that the comparison is about where the path really leads.
  return file.startsWith(sep) && join(file).startsWith(join(folder, sep));
}

function realPathOrNull(path: string): string | null {
  try {
    return realpathSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new ThermoclineError(
      'TC_SYSTEM',
      `${JSON.stringify(path)} can't be looked at (${code}), so nothing below it is put back.`,
      { cause },
    );
  }
}
