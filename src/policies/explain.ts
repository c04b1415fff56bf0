/** A policy in words: what it will do here, why, and how far to trust it. */
import { formatBytes, formatDuration, formatShare } from '../base/units.ts';
import { describeScheme } from '../params/format.ts';
import type { KnobSpec, Knobs, Policy, PolicyFacts, PolicyPlan } from './policy.ts';

/** What can be said of a plan, for people and, field by field, for programs. */
export interface Explanation {
  readonly policy: string;
  readonly summary: string;
  readonly stage: string;
  readonly evidence: readonly string[];
  readonly knobs: readonly { readonly name: string; readonly value: string }[];
  readonly watched: string;
  readonly schemes: readonly string[];
  readonly notes: readonly string[];
  /** Null where no kernel module does the same. */
  readonly module: { readonly name: string; readonly settings: readonly Setting[] } | null;
}

type Setting = ReturnType<NonNullable<Policy['twin']>['compare']>[number];

/** Explains what `plan` came from. */
export function explain<K extends Knobs>(
  policy: Policy<K>,
  knobs: K,
  facts: PolicyFacts,
  plan: PolicyPlan,
): Explanation {
  const { params, notes } = plan;
  const { twin } = policy;
  return {
    policy: policy.name,
    summary: policy.summary,
    stage: policy.stage,
    evidence: policy.evidence,
    knobs: Object.entries<KnobSpec>(policy.knobs).map(([name, spec]) => ({
      name: spec.flag,
      value: knobText(spec, knobs[name]!),
    })),
    watched: watchedText(facts, plan),
    schemes: params.schemes.map((scheme) => describeScheme(scheme, params.attrs)),
    notes,
    module: twin === null ? null : { name: twin.name, settings: twin.compare(plan) },
  };
}

/** The explanation as lines. */
export function explanationLines(explanation: Explanation): string[] {
  const { policy, summary, stage, evidence, knobs, watched, schemes, notes, module } = explanation;
  return [
    `${policy}: ${summary}.`,
    `stage      ${stage}`,
    ...evidence.map((sentence) => `           ${sentence}`),
    ...labelled(
      'knobs',
      knobs.map(({ name, value }) => `${name} ${value}`),
    ),
    `watches    ${watched}`,
    ...labelled('schemes', schemes.length === 0 ? ['none'] : schemes),
    ...labelled('notes', notes),
    ...(module === null ? [] : moduleLines(module.name, module.settings)),
  ];
}

/** A knob's value as people write it. */
export function knobText({ kind }: KnobSpec, value: number): string {
  if (kind === 'duration') return formatDuration(value);
  return kind === 'share' ? formatShare(value) : `${formatBytes(value)} a second`;
}

function watchedText({ subject, watcher, part }: PolicyFacts, { params }: PolicyPlan): string {
  const { sampleIntervalUs, aggregationIntervalUs, intervalsGoal } = params.attrs;
  const what =
    subject.kind === 'machine'
      ? 'the whole machine'
      : subject.kind === 'cgroup'
        ? `cgroup ${subject.path}`
        : `process ${subject.pids.join(', ')}`;
  const by = { kernel: "the kernel's DAMON", smaps: '/proc/PID/smaps', sim: 'the simulation' };
  const intervals = `${formatDuration(sampleIntervalUs)} and ${formatDuration(aggregationIntervalUs)}`;
  const tuned = intervalsGoal.aggregations > 0 ? ', tuned as it goes' : '';
  const of = part === undefined ? what : `${part.words} of ${what}`;
  return `${of} by ${by[watcher]} (${params.operations}), intervals ${intervals}${tuned}`;
}

function moduleLines(name: string, settings: readonly Setting[]): string[] {
  return [
    `${name}'s defaults beside ours:`,
    ...settings.map(
      ({ setting, module, ours, why }) =>
        `  ${setting}: ${module}; ours: ${ours}${why === '' ? '' : `, because ${why}`}`,
    ),
  ];
}

function labelled(label: string, texts: readonly string[]): string[] {
  return texts.map((text, index) => `${(index === 0 ? label : '').padEnd(11)}${text}`);
}
