/**
 * What a policy is: a pure function from at most three knobs and facts of the host to parameters.
 * It reads nothing, knows no clock, and so can be printed, reviewed, replayed and simulated before
 * it runs. How it is put into force is the business of `control`.
 */
import type { HostFacts } from '../host/host.ts';
import type { AddressRange, Params } from '../params/types.ts';
import type { Score } from './aim.ts';

/**
 * How far a policy can be trusted: `experimental` was tried in simulation, `candidate` in shadow
 * and on real kernels as well, `stable` on machines in production.
 */
export type Stage = 'experimental' | 'candidate' | 'stable';

/** What a policy is about. */
export type Subject =
  | { readonly kind: 'machine' }
  | { readonly kind: 'processes'; readonly pids: readonly number[] }
  /** Path below the cgroup root. */
  | { readonly kind: 'cgroup'; readonly path: string };

/**
 * Who watches: the kernel's DAMON, the engine by `/proc/PID/smaps`, or the engine on a simulated
 * machine. They differ in what they can select by and act with.
 */
export type Watcher = 'kernel' | 'smaps' | 'sim';

/** Some of a subject's addresses: nodes and zones of physical memory, mappings of a process. */
export interface Part {
  /** As people say it: `zone Movable`. */
  readonly words: string;
  /** In order: physical addresses of a machine or a cgroup, virtual ones of a process. */
  readonly ranges: readonly AddressRange[];
}

/** All that a policy may know of the world. */
export interface PolicyFacts {
  readonly host: HostFacts;
  readonly subject: Subject;
  /** What it keeps to; absent: all of the subject. */
  readonly part?: Part;
  readonly watcher: Watcher;
  /** Processes of the subject, where the watcher knows processes only; else empty. */
  readonly pids: readonly number[];
  /** The cgroup that we run in, so that it can be left alone; null where we have none. */
  readonly ownCgroup: string | null;
  /** Intervals in force, which tuning changes; null before the start. Ages are counted in them. */
  readonly intervals: Intervals | null;
}

/** Monitoring intervals. */
export interface Intervals {
  readonly sampleIntervalUs: number;
  readonly aggregationIntervalUs: number;
}

/** Values of a policy's knobs, each in the base unit of its kind. */
export type Knobs = Readonly<Record<string, number>>;

/** One knob, and how people write it. */
export interface KnobSpec {
  /** The option's name without dashes: `cold-age`. */
  readonly flag: string;
  /** Microseconds, bytes a second, or a share from 0 to 1. */
  readonly kind: 'duration' | 'byte-rate' | 'share';
  readonly meaning: string;
  readonly preset: number;
  readonly min: number;
  readonly max: number;
}

/** What a policy makes of its knobs and the facts. */
export interface PolicyPlan {
  readonly params: Params;
  /** What this host or watcher made different, and what is refused, as sentences. */
  readonly notes: readonly string[];
}

/** One setting of a kernel module beside ours. */
export interface Comparison {
  readonly setting: string;
  readonly module: string;
  readonly ours: string;
  /** Empty where both are the same. */
  readonly why: string;
}

/** The kernel module that does the same by itself. */
export interface ModuleTwin {
  readonly name: 'damon_stat' | 'damon_reclaim' | 'damon_lru_sort';
  compare(plan: PolicyPlan): readonly Comparison[];
}

/** Memory that came back after it had been taken. */
export interface Return {
  readonly bytes: number;
  /** For how long it had been idle, as far as can be told. */
  readonly idleUs: number;
}

/** What a run has seen between its last step and this one. */
export interface Observation {
  readonly elapsedUs: number;
  readonly score: Score;
  /** Share of the time in which somebody waited for memory. */
  readonly pressureShare: number;
  /** What the acting scheme did, in bytes, as its quota counts it. */
  readonly chargedBytes: number;
  /** Came back from where it had been taken to, by the counters of the host. */
  readonly refaultedBytes: number;
  /** The same by the idle times that it had, as far as can be told. */
  readonly returns: readonly Return[];
}

/** What a step has decided. */
export interface Step<S> {
  readonly state: S;
  readonly params: Params;
  /** One sentence, also when nothing changes. */
  readonly why: string;
}

/** How a policy goes on with what it sees. Pure: the state is all that it remembers. */
export interface Adaptation<K extends Knobs, S> {
  begin(knobs: K): S;
  step(state: S, observation: Observation, knobs: K, facts: PolicyFacts): Step<S>;
}

/** A policy, complete: what it does, and how far that has been shown. */
export interface Policy<K extends Knobs = Knobs, S = unknown> {
  /** As on the command line. */
  readonly name: string;
  /** One line without a full stop. */
  readonly summary: string;
  readonly stage: Stage;
  /** What was done to deserve the stage, as sentences with the command that shows it. */
  readonly evidence: readonly string[];
  /** Three at most. */
  readonly knobs: { readonly [Name in keyof K]: KnobSpec };
  /** Throws TC_UNSUPPORTED with one sentence for a subject or a watcher that it can't work with. */
  plan(knobs: K, facts: PolicyFacts): PolicyPlan;
  /** Null for a policy whose first plan stays; then only its ages follow the intervals. */
  readonly adaptation: Adaptation<K, S> | null;
  /** Null where no kernel module does the same. */
  readonly twin: ModuleTwin | null;
}

/** The knobs as they are when nobody turns them. */
export function presetKnobs<K extends Knobs>(policy: Policy<K>): K {
  const entries = Object.entries<KnobSpec>(policy.knobs);
  return Object.fromEntries(entries.map(([name, { preset }]) => [name, preset])) as K;
}
