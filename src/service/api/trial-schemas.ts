/** What trials take and give. */
import { z } from '@hono/zod-openapi';
import type { ShadowView, WhatIfAnswer, WhatIfAsk } from '../../client/api-types.ts';
import { bytes, durationUs, paramsInForce } from './answers.ts';
import { changedParamsSchema, timeSchema } from './schemas.ts';

/** Which schemes to try, on which part of the history. */
export const whatIfBodySchema: z.ZodType<WhatIfAsk> = z
  .strictObject({
    params: changedParamsSchema,
    from: timeSchema.optional(),
    to: timeSchema.optional(),
    swap: z.enum(['disk', 'zram']).optional().openapi({ description: 'What pages would go to.' }),
  })
  .openapi('WhatIfAsk');

const moment = z.object({
  timeUs: durationUs.openapi({ description: 'Microseconds since the beginning of the part.' }),
  watchedBytes: bytes,
  savedBytes: bytes,
  refaultedBytes: bytes,
});

/** What would have come of it. */
export const whatIfSchema: z.ZodType<WhatIfAnswer> = z
  .object({
    durationUs,
    residentBytes: bytes,
    savedBytes: bytes.openapi({ description: 'On average over time.' }),
    netSavedBytes: bytes,
    savedShare: z.number(),
    endSavedBytes: bytes,
    pagedOutBytes: bytes,
    refaultedBytes: bytes,
    refaultsPerSecond: z.number(),
    stallUs: durationUs,
    slowdownShare: z.number(),
    overTime: z.array(moment),
    limits: z.array(z.string()).openapi({ description: 'What a replay can not know.' }),
  })
  .openapi('WhatIf', { description: 'docs/whatif.md says how each figure is reckoned.' });

const shadowPoint = z.object({
  timeUs: durationUs,
  leftBytes: bytes,
  cameBackBytes: bytes,
  grossBytes: bytes,
  netBytes: z.number(),
  stallUs: durationUs,
});

/** A shadow as it stands. */
export const shadowSchema: z.ZodType<ShadowView> = z
  .object({
    params: paramsInForce,
    durationUs,
    now: shadowPoint,
    history: z.array(shadowPoint),
    differences: z
      .array(z.string())
      .openapi({ description: 'In what a shadow is not the real thing.' }),
  })
  .openapi('Shadow');
