/** Quantities of scenario files: plain numbers, or texts with a unit. */
import { z } from 'zod';
import { parseBytes, parseDuration } from '../../base/units.ts';

const MAX_SIZE_BYTES = 2 ** 46;

/** Bytes as a number, or a text like `64 MiB`. */
export const bytes: z.ZodType<number> = z
  .union([z.number(), z.string()])
  .transform((value, context) => tryParse(() => parseBytes(String(value), 'it'), context))
  .pipe(z.number().int().min(0).max(MAX_SIZE_BYTES));

/** A number is in the unit that the field's name ends with; text carries its own. */
export const duration = (unitUs: number): z.ZodType<number> =>
  z
    .union([z.number().transform((value) => Math.round(value * unitUs)), z.string()])
    .transform((value, context) =>
      typeof value === 'number' ? value : tryParse(() => parseDuration(value, 'it'), context),
    )
    .pipe(z.number().int().min(0).max(1e15));

/** Runs a parser of `base/units` and hands its sentence to zod. */
function tryParse(
  work: () => number,
  context: { addIssue(issue: { code: 'custom'; message: string }): void },
): number {
  try {
    return work();
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
}
