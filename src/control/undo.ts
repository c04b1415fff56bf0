/**
 * Takes a step back. What is to be written comes from a journal, so this trusts nothing in it: only
 * known files below the cgroup root can be written, with values that they take, only slots of the
 * kernel's DAMON that our own records know are stopped, only trace instances with a name of ours
 * are removed, and of a guest only its balloon or its memory device is set, or it goes on.
 */
import { closeSync, constants, openSync, realpathSync, writeSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { ThermoclineError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import type { FileUndo, LeverUndo, Roots } from '../host/host.ts';
import type { ProcessIdentity } from '../host/linux/process-identity.ts';

/** The files that a lever may change. `memory.max` is missing on purpose: it is never lowered. */
const RESTORABLE_FILES: ReadonlySet<string> = new Set([
  'memory.high',
  'memory.low',
  'memory.swap.high',
]);
const LIMIT = /^(max|\d{1,20})\n?$/;
/** The kernel's DAMON settings belong to whoever made them. */
const DAMON_SETTINGS = /\/kernel\/mm\/damon(\/|$)/;

/** Whose step is taken back, and where. */
export interface UndoScene {
  readonly roots: Roots;
  /** The folder of the journal. */
  readonly stateDir: string;
  /** Whose journal it is. */
  readonly owner: ProcessIdentity;
}

/**
 * Takes a step back. Doing it twice does no harm.
 * @returns a sentence on what was done
 * @throws ThermoclineError TC_DENIED as `checkUndo`, another when it fails
 */
export async function applyUndo(undo: LeverUndo, scene: UndoScene): Promise<string> {
  if ('file' in undo) {
    const outcome = putBackFile(undo, scene.roots.cgroup);
    return outcome === 'gone'
      ? `${undo.file} is gone.`
      : `${undo.file} is "${undo.content.trim()}" again.`;
  }
  // Loaded by those who need it only: most journals tell of files.
  if ('requestedBytes' in undo) {
    const { putBackMemoryDevice } = await import('../host/linux/qemu-memory-device.ts');
    const outcome = await putBackMemoryDevice(undo);
    return outcome === 'gone'
      ? `The guest at ${undo.qmpSocket} is gone.`
      : `The guest at ${undo.qmpSocket} may have ${formatBytes(undo.requestedBytes)} of its device again.`;
  }
  if ('qmpSocket' in undo) {
    const { putBackBalloon } = await import('../host/linux/qemu-balloon.ts');
    const outcome = await putBackBalloon(undo);
    return outcome === 'gone'
      ? `The guest at ${undo.qmpSocket} is gone.`
      : `The balloon at ${undo.qmpSocket} leaves its guest ${formatBytes(undo.balloonBytes)} again.`;
  }
  if ('pausedGuest' in undo) {
    const { letGuestGoOn } = await import('../host/linux/qemu-pause.ts');
    const outcome = await letGuestGoOn(undo);
    return `The guest at ${undo.pausedGuest} ${outcome === 'gone' ? 'is gone' : 'is not paused'}.`;
  }
  const { giveBackKernelSlot, removeTrace } = await import('../monitor/kernel-slots.ts');
  if ('traceInstance' in undo) {
    removeTrace(scene.roots, undo.traceInstance);
    return `The trace instance ${undo.traceInstance} is gone.`;
  }
  await giveBackKernelSlot(undo.kernelSlot, scene);
  return `Slot ${undo.kernelSlot} of the kernel's DAMON is empty or not ours any more.`;
}

/**
 * Says whether an undo could be replayed, without writing.
 * @param cgroupRoot where the cgroup v2 tree is mounted
 * @throws ThermoclineError TC_DENIED for a file or a value outside the allow-list
 */
export function checkUndo(undo: LeverUndo, cgroupRoot: string): 'possible' | 'gone' {
  return 'file' in undo ? checkFile(undo, cgroupRoot) : 'possible';
}

function checkFile(undo: FileUndo, cgroupRoot: string): 'possible' | 'gone' {
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
 * @returns `gone` when the file no longer exists, so that nothing is left to put back
 * @throws ThermoclineError TC_DENIED as `checkUndo`, TC_SYSTEM when the write fails
 */
export function putBackFile(undo: FileUndo, cgroupRoot: string): 'restored' | 'gone' {
  if (checkFile(undo, cgroupRoot) === 'gone') return 'gone';
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

function refuse(undo: FileUndo): never {
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
