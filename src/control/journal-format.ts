/**
 * The lines of a journal. One file for each acting run, one line of JSON for each event:
 *
 *     {"type":"begin","version":1,"owner":{"pid":7,"startTicks":9,"bootId":"…"},"description":"…"}
 *     {"type":"step","id":1,"text":"echo 64M > …/memory.high","undo":{"file":"…","content":"max"}}
 *     {"type":"blocks","guest":"vm0","state":"taking","ranges":[[0,2097152]]}
 *     {"type":"undone","id":1}
 *     {"type":"finished","by":"owner"}
 *
 * A last line that a crash cut short is left out: what it announced has not been done.
 */
import { ThermoclineError } from '../base/errors.ts';
import type { LeverStep } from '../host/host.ts';
import type { ProcessIdentity } from '../host/linux/process-identity.ts';
import { BLOCK_BYTES } from '../policies/acma/observation.ts';
import { BLOCK_STATES, type BlockEntry, type BlockState } from './acma/block-table.ts';

/** Who closed a journal. */
export type Finisher = 'owner' | 'guard' | 'restore';

/** A step that was announced: it may have been done. */
export interface RecordedStep extends LeverStep {
  readonly id: number;
}

/** Whose run a journal tells of. */
export interface JournalHead {
  readonly owner: ProcessIdentity;
  /** It only watches, by something that must not outlive it; the off switch does not concern it. */
  readonly watchesOnly?: boolean;
  /** What the run is for, as people shall read it. */
  readonly description: string;
}

export type JournalLine =
  | ({ readonly type: 'begin'; readonly version: 1 } & JournalHead)
  | ({ readonly type: 'step' } & RecordedStep)
  | ({ readonly type: 'blocks' } & BlockEntry)
  | { readonly type: 'undone'; readonly id: number }
  | { readonly type: 'finished'; readonly by: Finisher };

/**
 * Reads whole lines; what follows the last line end is torn and left out.
 * @param file named in errors
 * @returns the lines, and how many bytes of the file they take
 * @throws ThermoclineError TC_INVALID for anything else that is not a journal
 */
export function parseJournal(
  content: Uint8Array,
  file: string,
): { lines: JournalLine[]; lengthBytes: number } {
  const lengthBytes = content.lastIndexOf(0x0a) + 1;
  const texts = new TextDecoder().decode(content.subarray(0, lengthBytes)).split('\n');
  texts.pop();
  const lines = texts.map((text, index) => {
    const line = parseLine(text);
    if (line && (index === 0) === (line.type === 'begin')) return line;
    throw new ThermoclineError(
      'TC_INVALID',
      `Line ${index + 1} of the journal ${file} is damaged; nothing of it was put back. ` +
        'Read it, put back by hand what it names, and then remove the file.',
    );
  });
  return { lines, lengthBytes };
}

function parseLine(text: string): JournalLine | null {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return null;
  }
  return isObject(line) && isJournalLine(line) ? (line as JournalLine) : null;
}

function isJournalLine(line: Fields): boolean {
  switch (line['type']) {
    case 'begin':
      return line['version'] === 1 && isText(line['description']) && isIdentity(line['owner']);
    case 'step':
      return isCount(line['id']) && isText(line['text']) && isUndo(line['undo']);
    case 'blocks':
      return (
        isText(line['guest']) &&
        BLOCK_STATES.includes(line['state'] as BlockState) &&
        Array.isArray(line['ranges']) &&
        line['ranges'].every(isBlockRange)
      );
    case 'undone':
      return isCount(line['id']);
    case 'finished':
      return ['owner', 'guard', 'restore'].includes(line['by'] as string);
    default:
      return false;
  }
}

function isIdentity(value: unknown): boolean {
  return (
    isObject(value) &&
    isCount(value['pid']) &&
    isCount(value['startTicks']) &&
    isText(value['bootId'])
  );
}

function isUndo(value: unknown): boolean {
  if (value === null) return true;
  if (!isObject(value)) return false;
  return (
    isCount(value['kernelSlot']) ||
    isText(value['traceInstance']) ||
    isText(value['pausedGuest']) ||
    isDevice(value, ['balloonBytes', 'pollingSeconds']) ||
    isDevice(value, ['requestedBytes']) ||
    (isText(value['file']) && isText(value['content']))
  );
}

/** Of a QEMU guest. */
function isDevice(value: Fields, counts: readonly string[]): boolean {
  return (
    isText(value['qmpSocket']) &&
    /^\/machine\/peripheral/.test(String(value['device'])) &&
    counts.every((name) => isCount(value[name]))
  );
}

/** No guest is larger than this, and no damaged line makes a table without end. */
const MAX_ADDRESS = 2 ** 44;

function isBlockRange(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2 || !value.every(isCount)) return false;
  const [start, end] = value as [number, number];
  return start < end && end <= MAX_ADDRESS && start % BLOCK_BYTES === 0 && end % BLOCK_BYTES === 0;
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
