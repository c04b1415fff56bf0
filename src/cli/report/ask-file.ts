/** Recordings that are named on the command line, and what of them is asked. */
import { ofTarget, skipping } from '../../analysis/narrowed.ts';
import { type Answers, ask, type Question } from '../../analysis/question.ts';
import { filtered, type SnapshotFilter } from '../../analysis/snapshot-filter.ts';
import { ThermoclineError } from '../../base/errors.ts';
import { readRecording } from '../../record/open.ts';
import type { ItemSource } from '../../record/recording.ts';
import { nodeCodec, openFile } from '../record-files.ts';

/** More than a reader would read. */
const SHOWN_WARNINGS = 5;

/** Begins to read a file from its start. */
export function readFile(file: string): ItemSource {
  return readRecording(openFile(file), nodeCodec);
}

/** Answers questions about a file; what could not be read of it is said on standard error. */
export async function askFile<const Questions extends readonly Question<unknown>[]>(
  file: string,
  questions: Questions,
): Promise<Answers<Questions>> {
  let nrWarnings = 0;
  const warnings: Question<void> = {
    take(item) {
      if (item.kind !== 'warning') return;
      nrWarnings += 1;
      if (nrWarnings <= SHOWN_WARNINGS) process.stderr.write(`${file}: ${item.text}\n`);
    },
    answer() {},
  };
  const answers = await ask(readFile(file), [...questions, warnings]);
  const more = nrWarnings - SHOWN_WARNINGS;
  if (more > 0) process.stderr.write(`${file}: ${more} more of these.\n`);
  return answers.slice(0, questions.length) as Answers<Questions>;
}

/** What of a recording a report is about. */
export interface Narrowing {
  readonly target?: string | undefined;
  readonly filter?: SnapshotFilter | null;
  readonly skip?: number;
}

/** The question, asked of a part of the recording. */
export function narrowed<Answer>(
  { target, filter, skip }: Narrowing,
  question: Question<Answer>,
): Question<Answer> {
  let narrow = question;
  if (filter) narrow = filtered(filter, narrow);
  if (skip) narrow = skipping(skip, narrow);
  if (target !== undefined) narrow = ofTarget(target, narrow);
  return narrow;
}

/** The error of a report that has nothing to tell. */
export function nothingLeft(file: string, narrowing: Narrowing): ThermoclineError {
  const reasons = [
    ...(narrowing.skip ? [`--skip ${narrowing.skip}`] : []),
    ...(narrowing.filter ? ['the filters'] : []),
  ];
  const why = reasons.length === 0 ? 'holds no snapshots' : `has none left: ${reasons.join(', ')}`;
  return new ThermoclineError('TC_INVALID', `${file} ${why}; report info says what is in it.`);
}
