/** What the command line names: a recording, and what is to be tried on it. */
import { type Command, Option } from 'commander';
import { NO_FILTER } from '../../analysis/snapshot-filter.ts';
import { ThermoclineError } from '../../base/errors.ts';
import { parseDuration } from '../../base/units.ts';
import { COMPRESSION_RATIO, SWAP_LATENCY_US } from '../../host/sim/index.ts';
import { layoutBytes, type RecordedPattern } from '../../ops/replay/recorded-pattern.ts';
import type { Policy } from '../../policies/policy.ts';
import { askFile, narrowed } from '../report/ask-file.ts';
import { countOption, parseTimes } from '../report/options.ts';
import { parseSetting } from './grid.ts';
import { filePlan, policyPlan, type WhatIfPlan } from './plan.ts';
import { AccessRecording, type RecordedAccess } from './recorded-access.ts';

// biome-ignore lint/suspicious/noExplicitAny: policies of any knobs
const POLICIES: Readonly<Record<string, () => Promise<Policy<any>>>> = {
  reclaim: async () => (await import('../../policies/reclaim.ts')).reclaim,
  'lru-sort': async () => (await import('../../policies/lru-sort.ts')).lruSort,
  stat: async () => (await import('../../policies/stat.ts')).stat,
};

/** Options that everything which replays takes. */
export interface ReplayCliOptions {
  readonly target?: string;
  readonly time?: string[];
  readonly swap: 'disk' | 'zram';
  readonly refaultCost?: number;
  readonly seed?: number;
}

/** A recording that can be replayed. */
export interface ReplaySource {
  readonly file: string;
  readonly access: RecordedAccess;
  readonly pattern: RecordedPattern;
  /** Watched, and not in memory as far as the recording tells. */
  readonly absentBytes: number;
  readonly refaultUs: number;
  /** Of what is saved, the share that swap itself does not take. */
  readonly netShare: number;
  readonly seed: number;
}

/** Adds `--target`, `--time`, `--swap`, `--refault-cost` and `--seed`. */
export function addReplayOptions(command: Command): Command {
  return command
    .option('--target <id>', 'only this target of the recording')
    .option('--time <from to...>', 'only snapshots of this time')
    .addOption(
      new Option('--swap <kind>', 'where pages would go: zram is faster, and takes memory itself')
        .choices(['disk', 'zram'])
        .default('disk'),
    )
    .addOption(
      new Option(
        '--refault-cost <duration>',
        `how long each page takes to come back (disk ${SWAP_LATENCY_US.disk}us, zram ${SWAP_LATENCY_US.zram}us)`,
      ).argParser((text) => parseDuration(text, '--refault-cost')),
    )
    .addOption(countOption('--seed <number>', 'of the draws of the engine (1)'));
}

/**
 * Reads a recording.
 * @throws ThermoclineError TC_INVALID where nothing in it can be replayed
 */
export async function readSource(file: string, options: ReplayCliOptions): Promise<ReplaySource> {
  const { target, time, swap, refaultCost, seed } = options;
  const filter = time === undefined ? null : { ...NO_FILTER, time: parseTimes(time, '--time') };
  const question = narrowed({ target, filter }, new AccessRecording());
  const [access] = await askFile(file, [question]);
  const { pattern, residentBytes } = access;
  if (pattern === null) {
    const why = access.nrSnapshots === 0 ? 'has no snapshots' : 'has no snapshot of any duration';
    throw new ThermoclineError('TC_INVALID', `${file} ${why}, so there is nothing to replay.`);
  }
  const absentBytes = residentBytes === null ? 0 : layoutBytes(pattern) - residentBytes;
  return {
    ...{ file, access, pattern, seed: seed ?? 1 },
    refaultUs: refaultCost ?? SWAP_LATENCY_US[swap],
    netShare: swap === 'zram' ? 1 - 1 / COMPRESSION_RATIO : 1,
    absentBytes: Math.max(0, absentBytes),
  };
}

/** What says what to try. */
export interface PlanOptions {
  readonly params?: string;
  readonly policy?: string;
  readonly knobs?: string;
}

/** `--policy`, with the names that there are. */
export function policyOption(): Option {
  return new Option('--policy <name>', 'try this policy').choices(Object.keys(POLICIES));
}

/** The plan with the knobs that were set. */
export async function choosePlan(
  { params, policy, knobs }: PlanOptions,
  access: RecordedAccess,
): Promise<WhatIfPlan> {
  if ((params === undefined) === (policy === undefined)) {
    throw new ThermoclineError(
      'TC_INVALID',
      'Say what to try: write either --policy NAME or --params FILE.',
    );
  }
  const plan =
    params === undefined
      ? policyPlan(await POLICIES[policy!]!(), access)
      : filePlan(params, access);
  const settings = (knobs?.split(/[,\s]+(?=[a-z-]+=)/) ?? []).map((text) =>
    parseSetting(text, plan.knobs),
  );
  return {
    ...plan,
    knobs: plan.knobs.map((knob) => {
      const values = settings.findLast(([set]) => set === knob)?.[1];
      return { ...knob, value: values?.[0] ?? knob.value };
    }),
  };
}
