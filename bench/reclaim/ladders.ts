/** The knobs of the rivals, each as a ladder of settings from gentle to eager. */
import { damonReclaim } from './policies/damon-reclaim.ts';
import { senpai } from './policies/senpai.ts';
import type { Policy } from './policy.ts';

/** One rung of a ladder. */
export interface Setting {
  readonly words: string;
  readonly policy: Policy;
}

export type Rival = 'damon_reclaim' | 'senpai';

/** Share of time in `0.1 %`, as microseconds in a second. */
const US_PER_PERCENT = 10_000;
/** All of the time may be lost: no aim at all. */
const NO_AIM_PERCENT = 100;
const SHORT_IDLE_S = 10;

const IDLE_S: readonly number[] = [300, 120, 60, 30, 15, 8, 1];
const AIMS_PERCENT: readonly number[] = [0.03, 0.1, 0.3, 1, 3, 10];
const STALLS_MS: readonly number[] = [3, 10, 30, 100, 300, 1000];

/**
 * DAMON_RECLAIM has two knobs: the idle time is turned without an aim on pressure, which is how the
 * module comes; the aim is turned at a short idle time, so that it is what holds it back. The
 * first ladder ends where nothing more can be had: an idle time below the aggregation interval is
 * none. Senpai has one knob, the stall in six seconds that it aims at. A ladder is of use only
 * where those before it reach our slowdown: no aim makes DAMON_RECLAIM do more than it does
 * without one.
 */
export const LADDERS: Readonly<Record<Rival, readonly (readonly Setting[])[]>> = {
  damon_reclaim: [
    IDLE_S.map((idleS) => damonSetting(idleS, NO_AIM_PERCENT)),
    AIMS_PERCENT.map((aimPercent) => damonSetting(SHORT_IDLE_S, aimPercent)),
  ],
  senpai: [STALLS_MS.map((ms) => ({ words: `${ms} ms`, policy: senpai(ms * 1000) }))],
};

function damonSetting(idleS: number, aimPercent: number): Setting {
  return {
    words: aimPercent === NO_AIM_PERCENT ? `${idleS} s` : `${idleS} s, ${aimPercent} %`,
    policy: damonReclaim({ minAgeUs: idleS * 1e6, pressureUs: aimPercent * US_PER_PERCENT }),
  };
}
