/**
 * How a recording is asked: each question sees the items one by one and holds only what it needs.
 */
import type { ItemSource, RecordItem } from '../record/recording.ts';

/** Something to find out about a recording. */
export interface Question<Answer> {
  /** Sees the next item; columns of a snapshot may not be kept. */
  take(item: RecordItem): void;
  /** After the last item. */
  answer(): Answer;
}

/** The answers to a list of questions, in its order. */
export type Answers<Questions extends readonly Question<unknown>[]> = {
  -readonly [Index in keyof Questions]: Questions[Index] extends Question<infer Answer>
    ? Answer
    : never;
};

/** Answers many questions in one pass over a recording. */
export async function ask<const Questions extends readonly Question<unknown>[]>(
  items: ItemSource,
  questions: Questions,
): Promise<Answers<Questions>> {
  for await (const batch of items) {
    for (const item of batch) {
      for (const question of questions) question.take(item);
    }
  }
  return questions.map((question) => question.answer()) as Answers<Questions>;
}
