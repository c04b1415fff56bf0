/** What requests may hold. Each is checked against the type that the client has for it. */
import { z } from '@hono/zod-openapi';
import {
  ACT_MODES,
  type GoalFeedback,
  type MonitorSpec,
  type Watch,
} from '../../client/api-types.ts';

const MAX_PIDS = 256;
/** Far before 1970 and far after us; also what a virtual clock can have. */
const MAX_TIME_US = 2 ** 53 - 1;
/** So many pictures or points in one answer at most. */
const MAX_ITEMS = 2000;

/** Monitors are named in addresses and in names of files. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const NAME_SENTENCE =
  'up to 63 letters, digits, points, dashes and underscores, beginning with a letter or digit';

/** The name of a monitor. */
export const nameSchema: z.ZodType<string> = z
  .string({ error: NAME_SENTENCE })
  .regex(NAME, { error: NAME_SENTENCE })
  .openapi({ example: 'db' });

const pid = z
  .int({ error: 'the number of a process' })
  .min(1)
  .max(2 ** 22);
const index = z.int({ error: 'an index, from 0' }).min(0).max(1023);

/** Of physical memory, a cgroup only says whose pages count; params may name targets instead. */
function namesOneSubject(watch: {
  readonly pids?: unknown;
  readonly cgroup?: unknown;
  readonly physical?: unknown;
}): boolean {
  const { pids, cgroup, physical } = watch;
  return pids === undefined || (cgroup ?? physical) === undefined;
}

/** What a monitor watches. */
export const watchSchema: z.ZodType<Watch> = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      kind: z.literal('processes'),
      pids: z.array(pid, { error: 'a list of process numbers' }).min(1).max(MAX_PIDS),
      followChildren: z.boolean().optional(),
      force: z.boolean().optional(),
    }),
    z
      .strictObject({
        kind: z.literal('kernel'),
        pids: z.array(pid, { error: 'a list of process numbers' }).min(1).max(MAX_PIDS).optional(),
        cgroup: z.string().min(1).max(4096).optional(),
        physical: z
          .strictObject({
            node: z.array(index).min(1).max(MAX_PIDS).optional(),
            zone: z.array(z.string().min(1).max(32)).min(1).max(16).optional(),
          })
          .optional(),
        followChildren: z.boolean().optional(),
        handover: z.literal('damon_stat').optional(),
      })
      .refine(namesOneSubject, { error: 'one of pids, cgroup and physical' }),
    z.strictObject({
      kind: z.literal('cgroup'),
      path: z.string().min(1).max(4096),
      force: z.boolean().optional(),
    }),
    z.strictObject({
      kind: z.literal('simulation'),
      scenario: z.union([nameSchema, z.record(z.string(), z.unknown())], {
        error: 'the name of a simulated machine that comes with Thermocline, or a whole scenario',
      }),
    }),
  ],
  { error: 'a mapping with kind: processes, cgroup, kernel or simulation' },
);

/** Parameters as in files; `docs/params.md` and `thermocline schema` describe them. */
const params = z
  .union([z.record(z.string(), z.unknown()), z.array(z.unknown())], {
    error: 'parameters as in a file, see docs/params.md',
  })
  .openapi({
    type: 'object',
    description: 'Parameters as in files: docs/params.md has each field.',
  });

/** A monitor that is to be created. */
export const monitorSpecSchema: z.ZodType<MonitorSpec> = z
  .strictObject({
    name: nameSchema,
    watch: watchSchema,
    params: params.optional(),
    act: z.enum(ACT_MODES).optional(),
    cpuCeiling: z.number().gt(0).max(1).optional(),
  })
  .openapi('MonitorSpec');

/** Parameters that replace all others. */
export const commitSchema: z.ZodType<{ params: unknown }> = z
  .strictObject({ params })
  .openapi('Commit');

/** The parameters that are to change. */
export const changedParamsSchema: z.ZodType<Record<string, unknown>> = z
  .record(z.string(), z.unknown(), { error: 'the parameters that are to change' })
  .openapi({
    description:
      'Only the named fields change. Of lists, an object with indexes changes the named entries; ' +
      'null gives a field its default.',
  });

/** Parameters of which only those that are named change. */
export const changeSchema: z.ZodType<{ params: Record<string, unknown> }> = z
  .strictObject({ params: changedParamsSchema })
  .openapi('Change');

/** A measurement for a goal. */
export const feedbackSchema: z.ZodType<GoalFeedback> = z
  .strictObject({
    schemeIndex: index,
    goalIndex: index,
    value: z.int({ error: 'a whole number from 0' }).min(0),
  })
  .openapi('GoalFeedback');

/** A one-time code. */
export const signInSchema: z.ZodType<{ code: string }> = z
  .strictObject({ code: z.string().min(1).max(200) })
  .openapi('SignIn');

/** Part of a history, as it stands in a query. */
export interface RangeQuery {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit: number;
}

/** A moment of a history. */
const queryTime = z.coerce.number({ error: 'microseconds' }).min(0).max(MAX_TIME_US).optional();

/** A moment of a history, in a body. */
export const timeSchema: z.ZodType<number> = z.number().min(0).max(MAX_TIME_US);

/** Range and resolution of a history. */
export const rangeSchema: z.ZodType<RangeQuery> = z.object({
  from: queryTime.openapi({ description: 'Microseconds, of the clock that the answers have.' }),
  to: queryTime,
  limit: z.coerce
    .number()
    .int()
    .min(0)
    .max(MAX_ITEMS)
    .default(200)
    .openapi({ description: 'So many items at most, evenly over the range.' }),
});

/** A configuration, as plain data. */
export const configSchema: z.ZodType<{ monitors: Record<string, unknown> }> = z
  .strictObject({ monitors: z.record(nameSchema, z.record(z.string(), z.unknown())) })
  .openapi('Configuration', { description: 'Monitors by name: docs/service.md has the form.' });
