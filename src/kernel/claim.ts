/** Which slots are ours: what we last wrote there, against what is there now (design, "Safety"). */
import { freshText } from './fresh-values.ts';
import { EMPTY_SLOT, isTuned, type SlotFiles } from './staging.ts';
import { readValue, SysfsError, type SysfsReader, slotPath } from './sysfs-files.ts';

/** A slot that we made or took over, as plain data for a journal. The last one of a slot counts. */
export interface Claim {
  /** Slots are gone with the boot that they were made in. */
  readonly bootId: string;
  readonly slot: number;
  /** The worker that we started, while we believe that it runs. */
  readonly kdamond: KdamondIdentity | null;
  /** What the files of the slot held when we were last done with them. */
  readonly written: SlotFiles;
  /** What they will hold once the writes that are under way are through; null when none are. */
  readonly writing: SlotFiles | null;
}

/** A kernel thread that is not mistaken for a later one with its number. */
export interface KdamondIdentity {
  readonly pid: number;
  /** When it started, in clock ticks since boot. */
  readonly startTicks: number;
}

/** The machine that the slots are on. */
export interface Boot {
  /** A name for this boot that no other boot has. */
  readonly bootId: string;
  /** When a process started; null when there is none of that number. */
  startTicksOf(pid: number): number | null;
}

/** Keeps claims where they outlive this process; each is stored when the promise is kept. */
export type RecordClaim = (claim: Claim) => void | Promise<void>;

/** Whose a slot is. */
export interface Standing {
  readonly isOn: boolean;
  /** What runs was started by us, so that we may stop it. */
  readonly workerIsOurs: boolean;
  /** The files are as we left them, so that we may write there. */
  readonly filesAreOurs: boolean;
  /** Why one of the two is not ours, as the end of a sentence; empty when both are. */
  readonly why: string;
}

const FOREIGN = { workerIsOurs: false, filesAreOurs: false } as const;

/** Looks whose the slot of a claim is now, by plain reads. */
export function standingOf(files: SysfsReader, claim: Claim, boot: Boot): Standing {
  const { slot, writing } = claim;
  if (claim.bootId !== boot.bootId) {
    return { isOn: false, ...FOREIGN, why: 'was ours before the machine was started again' };
  }
  if (!files.exists(slotPath(slot))) return { isOn: false, ...FOREIGN, why: 'is gone' };
  const isOn = readValue(files, slotPath(slot, 'state')) === 'on';
  const change = writing === null ? firstChange(files, slot, claim.written) : halfway(files, claim);
  const filesAreOurs = change === null;
  const runs = isOn ? runningKdamond(files, slot, boot) : null;
  if (!isOn) return { isOn, workerIsOurs: false, filesAreOurs, why: change ?? '' };
  const workerIsOurs =
    claim.kdamond === null
      ? // We may have been interrupted between the start and writing down what we started.
        writing !== null && firstChange(files, slot, writing) === null
      : claim.kdamond.pid === runs?.pid && claim.kdamond.startTicks === runs.startTicks;
  if (!workerIsOurs) {
    const who = runs === null ? 'a kdamond' : `kdamond ${runs.pid}`;
    return { isOn, ...FOREIGN, why: `runs ${who}, which Thermocline did not start` };
  }
  return { isOn, workerIsOurs, filesAreOurs, why: change ?? '' };
}

/** The worker of a slot that is on, or null when it has just ended. */
export function runningKdamond(
  files: SysfsReader,
  slot: number,
  boot: Boot,
): KdamondIdentity | null {
  const pid = Number(readValue(files, slotPath(slot, 'pid')));
  const startTicks = pid > 0 ? boot.startTicksOf(pid) : null;
  return startTicks === null ? null : { pid, startTicks };
}

/** The first file of a slot that is not as in `expected`, as a sentence's end, or null. */
export function firstChange(files: SysfsReader, slot: number, expected: SlotFiles): string | null {
  for (const [path, text] of Object.entries(expected)) {
    if (isTuned(path, expected)) continue;
    const found = valueOrNull(files, slotPath(slot, path));
    if (found !== text) return changed(path, found, text);
  }
  return null;
}

/**
 * The same while writes are under way: each file may be as before, as afterwards, or as new; and
 * one may be missing whose folder is still to be made or already removed.
 */
function halfway(files: SysfsReader, claim: Claim): string | null {
  const { slot, written, writing } = claim;
  for (const path of new Set([...Object.keys(written), ...Object.keys(writing ?? {})])) {
    if (isTuned(path, written) || isTuned(path, writing ?? {})) continue;
    const found = valueOrNull(files, slotPath(slot, path));
    const texts = [written[path], writing?.[path], freshText(path)];
    if (found !== null && !texts.includes(found)) {
      return changed(path, found, writing?.[path] ?? written[path]!);
    }
  }
  return null;
}

function changed(path: string, found: string | null, ours: string): string {
  const now = found === null ? 'is gone' : `reads ${found || 'nothing'}`;
  return `has been changed: ${path} ${now} where Thermocline wrote ${ours || 'nothing'}`;
}

function valueOrNull(files: SysfsReader, path: string): string | null {
  try {
    return readValue(files, path);
  } catch (error) {
    if (error instanceof SysfsError && error.errno === 'ENOENT') return null;
    throw error;
  }
}

/** A claim to a slot without a set-up. */
export function emptyClaim(bootId: string, slot: number): Claim {
  return { bootId, slot, kdamond: null, written: EMPTY_SLOT, writing: null };
}
