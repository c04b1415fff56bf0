/**
 * The form in which people write parameters: the tree of `ParamsSpec`, where nearly everything may
 * be left out and quantities may carry a unit. The `error` of each part ends the sentence
 * "x is y; write …".
 */
import * as z from 'zod';
import { UINT_MAX } from '../base/arithmetic.ts';
import { unknownField } from './closest.ts';
import { MATCH_ALL, NO_QUOTA, NO_WATERMARKS } from './defaults.ts';
import * as quantities from './quantities.ts';
import {
  ACTIONS,
  type AttrsSpec,
  type Bound,
  type BoundRange,
  GOAL_METRICS,
  GOAL_TUNERS,
  type Goal,
  type IntervalsGoal,
  OPERATIONS_IDS,
  type ParamsSpec,
  type Quota,
  type Scheme,
  type Target,
  WATERMARK_METRICS,
} from './types.ts';

/** A bound or a text whose meaning depends on the intervals beside it. */
export interface WrittenRange {
  readonly min: Bound | string;
  readonly max: Bound | string;
}

/** A goal whose target may still be a text: its unit is the metric's. */
export interface WrittenGoal extends Omit<Goal, 'targetValue'> {
  readonly targetValue: number | string;
}

/** A scheme in which bounds and targets may still be texts. */
export interface WrittenScheme extends Omit<Scheme, 'pattern' | 'quota'> {
  readonly pattern: {
    readonly sizeBytes: BoundRange;
    readonly nrAccesses: WrittenRange;
    readonly age: WrittenRange;
  };
  readonly quota: Omit<Quota, 'goals'> & { readonly goals: readonly WrittenGoal[] };
}

/** What the schema makes of a file: units read, defaults in place, some texts still to convert. */
export interface WrittenParams
  extends Omit<ParamsSpec, 'minRegionSize' | 'attrs' | 'targets' | 'schemes'> {
  readonly minRegionSize?: number;
  readonly attrs:
    | 'auto'
    | (Omit<AttrsSpec, 'intervalsGoal'> & { readonly intervalsGoal?: IntervalsGoal | 'auto' });
  readonly targets?: readonly Target[];
  readonly schemes: readonly WrittenScheme[];
}

function mapping<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? unknownField(String((issue['keys'] as string[])[0]), known)
        : `a mapping with ${known.join(', ')}`,
  });
}

const list = <T extends z.ZodType>(item: T) => z.array(item, { error: 'a list' });

const whole = (expects: string, max = Number.MAX_SAFE_INTEGER) =>
  z.int({ error: expects }).min(0, { error: expects }).max(max, { error: expects });

/** A text that `parse` turns into a number of the field's unit. */
function text(pattern: RegExp, parse: (text: string) => number | undefined, expects: string) {
  return z
    .string({ error: expects })
    .regex(pattern, { error: expects })
    .transform((written, context) => {
      const value = parse(written);
      if (value !== undefined) return value;
      context.issues.push({ code: 'custom', input: written, message: expects });
      return z.NEVER;
    });
}

const either = <T extends readonly [z.ZodType, ...z.ZodType[]]>(expects: string, ...forms: T) =>
  z.union(forms, { error: expects });

const named = <T extends readonly [string, ...string[]]>(names: T) =>
  z.enum(names, { error: `one of ${names.join(', ')}` });

const COUNT = 'a whole number of at least 0';
const U32 = `a whole number from 0 to ${UINT_MAX}`;
const BYTES = 'bytes as a whole number, or a text like "64M" or "1.5 GiB"';
const US = 'microseconds as a whole number, or a text like "5ms" or "1.5 s"';
const MS = 'milliseconds as a whole number, or a text like "10ms" or "1 s"';
const BP = 'parts of 10,000 as a whole number, or a text like "4 %"';
const PERMIL = 'parts of 1,000 as a whole number, or a text like "4 %"';
const ADDRESS = 'an address below 2^53 as a whole number, or a text like "0x7f0000000000"';
const FLAG = 'true or false';

const count = whole(COUNT);
const u32 = whole(U32, UINT_MAX);
const flag = z.boolean({ error: FLAG });
const max = z.literal('max');
const auto = z.literal('auto');
const size = (expects: string) =>
  [whole(expects), text(quantities.SIZE_TEXT, quantities.bytesOf, expects)] as const;
const durationUs = either(
  US,
  whole(US),
  text(quantities.DURATION_TEXT, (t) => quantities.durationOf(t, 1), US),
);
const durationMs = (expects: string) =>
  [
    whole(expects),
    text(quantities.DURATION_TEXT, (t) => quantities.durationOf(t, 1000), expects),
  ] as const;
const bp = either(
  BP,
  whole(BP),
  text(quantities.PERCENT_TEXT, (t) => quantities.shareOf(t, 10_000), BP),
);
const permil = either(
  PERMIL,
  whole(PERMIL, UINT_MAX),
  text(quantities.PERCENT_TEXT, (t) => quantities.shareOf(t, 1_000), PERMIL),
);
const address = either(
  ADDRESS,
  whole(ADDRESS),
  text(quantities.ADDRESS_TEXT, quantities.addressOf, ADDRESS),
);
const path = z
  .string({ error: 'the path of a cgroup below the cgroup root, like "/system.slice"' })
  .min(1, { error: 'the path of a cgroup below the cgroup root, like "/system.slice"' });

const BYTES_OR_MAX = `${BYTES}, or "max"`;
const sizeBound = either(BYTES_OR_MAX, ...size(BYTES_OR_MAX), max);

// Shares and times stay texts here: what they come to depends on the intervals beside them.
const ACCESSES = 'samples as a whole number, a share of the window like "5 %", or "max"';
const nrAccessesBound = either(
  ACCESSES,
  whole(ACCESSES),
  max,
  z.string({ error: ACCESSES }).regex(quantities.PERCENT_TEXT, { error: ACCESSES }),
);
const AGE = 'aggregation intervals as a whole number, a time like "30 s", or "max"';
const ageBound = either(
  AGE,
  whole(AGE),
  max,
  z.string({ error: AGE }).regex(quantities.DURATION_TEXT, { error: AGE }),
);

const range = <T extends z.ZodType>(bound: T) =>
  mapping({ min: bound.default(0 as never), max: bound.default('max' as never) });

const addressRange = mapping({ start: address, end: address });

const intervalsGoal = mapping({
  accessBp: bp.default(400),
  aggregations: count.default(3),
  minSampleIntervalUs: durationUs.default(5_000),
  maxSampleIntervalUs: durationUs.default(10_000_000),
});

const attrs = mapping({
  sampleIntervalUs: durationUs.default(5_000),
  aggregationIntervalUs: durationUs.default(100_000),
  operationsUpdateIntervalUs: durationUs.default(60_000_000),
  intervalsGoal: either('"auto" or a mapping', auto, intervalsGoal).exactOptional(),
  minNrRegions: either(`${COUNT}, or "auto"`, count, auto).default(10),
  maxNrRegions: count.default(1_000),
});

const target = mapping({
  pid: whole('the number of a process', 2 ** 31 - 1).exactOptional(),
  regions: list(addressRange).default([]),
  obsolete: flag.default(false),
});

const judgement = { matching: flag.default(true), allow: flag };
const plainFilter = <T extends string>(type: T) => mapping({ type: z.literal(type), ...judgement });
const memcgFilter = mapping({ type: z.literal('memcg'), ...judgement, memcgPath: path });

const probe = mapping({
  weight: u32.default(0),
  filters: list(
    z.discriminatedUnion('type', [plainFilter('anon'), memcgFilter], {
      error: 'anon or memcg',
    }),
  ).default([]),
});

const filter = z.discriminatedUnion(
  'type',
  [
    plainFilter('anon'),
    plainFilter('active'),
    plainFilter('young'),
    plainFilter('unmapped'),
    memcgFilter,
    mapping({ type: z.literal('hugepage_size'), ...judgement, sizeBytes: range(sizeBound) }),
    mapping({ type: z.literal('addr'), ...judgement, range: addressRange }),
    mapping({ type: z.literal('target'), ...judgement, targetIndex: u32 }),
  ],
  { error: 'one of anon, active, young, unmapped, memcg, hugepage_size, addr, target' },
);

const TARGET_VALUE =
  'a whole number in the unit of the metric, or a text like "99.5 %" (bp) or "10ms" (us)';
const GOAL_TEXT = new RegExp(
  `${quantities.PERCENT_TEXT.source}|${quantities.DURATION_TEXT.source}`,
);
const goal = mapping({
  metric: named(GOAL_METRICS),
  targetValue: either(
    TARGET_VALUE,
    whole(TARGET_VALUE),
    z.string({ error: TARGET_VALUE }).regex(GOAL_TEXT, { error: TARGET_VALUE }),
  ),
  currentValue: count.default(0),
  nid: u32.exactOptional(),
  memcgPath: path.exactOptional(),
  direction: z.literal('falling', { error: 'falling, or left out' }).exactOptional(),
});

const MS_OR_MAX = `${MS}, or "max"`;
const quota = mapping({
  timeMs: either(MS, ...durationMs(MS)).default(NO_QUOTA.timeMs),
  sizeBytes: sizeBound.default(NO_QUOTA.sizeBytes),
  resetIntervalMs: either(MS_OR_MAX, ...durationMs(MS_OR_MAX), max).default(
    NO_QUOTA.resetIntervalMs,
  ),
  weights: mapping({
    sizePermil: permil.default(0),
    nrAccessesPermil: permil.default(0),
    agePermil: permil.default(0),
  }).default(NO_QUOTA.weights),
  goals: list(goal).default([]),
  goalTuner: named(GOAL_TUNERS).default(NO_QUOTA.goalTuner),
  failChargeNumerator: u32.default(0),
  failChargeDenominator: u32.default(0),
});

const watermarks = mapping({
  metric: named(WATERMARK_METRICS),
  intervalUs: durationUs.default(5_000_000),
  highPermil: permil.default(0),
  midPermil: permil.default(0),
  lowPermil: permil.default(0),
});

const BLOCK_ORDER = 'the order of a block as a whole number from 9 (2 MiB) to 18 (1 GiB)';
const scheme = mapping({
  action: named(ACTIONS),
  pattern: mapping({
    sizeBytes: range(sizeBound).default(MATCH_ALL.sizeBytes),
    nrAccesses: range(nrAccessesBound).default(MATCH_ALL.nrAccesses),
    age: range(ageBound).default(MATCH_ALL.age),
  }).default(MATCH_ALL),
  applyIntervalUs: durationUs.default(0),
  quota: quota.prefault({}),
  watermarks: watermarks.default(NO_WATERMARKS),
  filters: list(filter).default([]),
  targetNid: z
    .int({ error: 'the number of a node, or -1 for none' })
    .min(-1, { error: 'the number of a node, or -1 for none' })
    .max(2 ** 31 - 1, { error: 'the number of a node, or -1 for none' })
    .default(-1),
  destinations: list(mapping({ nid: u32, weight: u32 })).default([]),
  maxNrSnapshots: count.default(0),
  blockOrder: z
    .int({ error: BLOCK_ORDER })
    .min(9, { error: BLOCK_ORDER })
    .max(18, { error: BLOCK_ORDER })
    .exactOptional(),
});

export const paramsSchema: z.ZodType<WrittenParams> = mapping({
  operations: named(OPERATIONS_IDS).default('vaddr'),
  addrUnit: either(BYTES, ...size(BYTES)).default(1),
  minRegionSize: whole('core units as a whole number').exactOptional(),
  attrs: either('"auto" or a mapping', auto, attrs).prefault({}),
  targets: list(target).exactOptional(),
  probes: list(probe).default([]),
  schemes: list(scheme).default([]),
  paused: flag.default(false),
});
