/**
 * Aims from outside, like `p99 <= 20ms`, and the one score that a run goes by. The score is worked
 * out here, in user space, and fed to the kernel as `user_input`: a goal of the kernel's own on
 * pressure starts anew with every commit of a value, and would never be measured (spec 7.2).
 */
import { ThermoclineError } from '../base/errors.ts';

/** What a metric has to be. */
export interface Aim {
  readonly metric: string;
  /** `<=`: the metric must not be above the target; `>=`: not below. */
  readonly direction: '<=' | '>=';
  /** Above 0, in microseconds where it was written with a unit of time. */
  readonly target: number;
  /** Microseconds of one unit in which bare values of the metric are meant; 1 for plain numbers. */
  readonly unit: number;
}

/** A value of a metric, and when it was measured. */
export interface Measurement {
  readonly value: number;
  /** On the clock of the run. */
  readonly timeUs: number;
}

/** An aim, and where its measurements come from. */
export interface WatchedAim {
  readonly aim: Aim;
  /** The last measurement; null before the first. Never waits. */
  latest(): Measurement | null;
  readonly staleAfterUs: number;
}

/** Why a run gives way or may go on, in one number. */
export interface Score {
  /** Share of the worst of all aims: below 1 there is room. Infinity when an aim can't be told. */
  readonly value: number;
  /** What makes it so: `pressure`, or the metric's name. */
  readonly by: string;
  /** One sentence when the score is not that of a measurement. */
  readonly problem: string | null;
}

/** An aim is met exactly at this value of a `user_input` goal. */
export const GOAL_TARGET = 10_000;
/** The kernel's tuners are down at their least from twice the target on. */
const GOAL_WORST = 2 * GOAL_TARGET;

const UNITS_US: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1_000_000, m: 60_000_000 };
const AIM = /^\s*([A-Za-z_][\w.:-]{0,63})\s*(<=|>=)\s*(\d+(?:\.\d+)?)\s*(us|ms|s|m)?\s*$/;
const VALUE = /^\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(us|ms|s|m)?\s*$/;

/** Reads `p99 <= 20ms`, `qps >= 1500`. Throws TC_INVALID for anything else. */
export function parseAim(text: string): Aim {
  const [, metric, direction, number, unitName] = AIM.exec(text) ?? [];
  const unit = unitName === undefined ? 1 : UNITS_US[unitName]!;
  const target = Number(number) * unit;
  if (metric !== undefined && target > 0) {
    return { metric, direction: direction as Aim['direction'], target, unit };
  }
  throw new ThermoclineError(
    'TC_INVALID',
    `--aim is "${text}"; write a metric, <= or >=, and a number above 0, like "p99 <= 20ms".`,
  );
}

/**
 * A metric's value from what a command or a query has printed: a number, with a unit of time or in
 * the aim's own. Null for anything else.
 */
export function parseMetric(text: string, aim: Aim): number | null {
  const [, number, unitName] = VALUE.exec(text) ?? [];
  if (number === undefined) return null;
  const value = Number(number) * (unitName === undefined ? aim.unit : UNITS_US[unitName]!);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/**
 * The worse of pressure and aim. An aim without a measurement, or with one that is too old, counts
 * as missed: a run that does not know what it does to others does nothing.
 * @param pressureShare share of wall time that was lost to a lack of memory
 */
export function scoreOf(
  pressureShare: number,
  acceptableShare: number,
  watched: WatchedAim | null,
  nowUs: number,
): Score {
  const pressure: Score = {
    value: pressureShare / acceptableShare,
    by: 'pressure',
    problem: null,
  };
  if (watched === null) return pressure;
  const { aim, staleAfterUs } = watched;
  const measured = watched.latest();
  const by = aim.metric;
  if (measured === null) {
    const problem = `${by} has not been measured, so as little as possible is done.`;
    return { value: Number.POSITIVE_INFINITY, by, problem };
  }
  if (nowUs - measured.timeUs > staleAfterUs) {
    const seconds = Math.round((nowUs - measured.timeUs) / 1e6);
    const problem = `${by} was measured last ${seconds} s ago, so as little as possible is done.`;
    return { value: Number.POSITIVE_INFINITY, by, problem };
  }
  const value = aimShare(aim, measured.value);
  return value > pressure.value ? { value, by, problem: null } : pressure;
}

/** The score as the value of a `user_input` goal whose target is `GOAL_TARGET`. */
export function goalValue(score: number): number {
  return Math.round(Math.min(Math.max(score * GOAL_TARGET, 0), GOAL_WORST));
}

function aimShare({ direction, target }: Aim, value: number): number {
  if (direction === '<=') return value / target;
  return value > 0 ? target / value : Number.POSITIVE_INFINITY;
}
