/** A tuner of the kernel instead of ours: it goes by the score that is fed to it. */
import type { Params, Scheme } from '../params/types.ts';
import { GOAL_TARGET } from './aim.ts';
import type { TunerName } from './tuners.ts';

/**
 * `params` whose acting schemes are tuned by DAMON towards a `user_input` goal, up to `capBytes` in
 * a window. `temporal` works at all that is allowed, so it never goes without a limit in bytes.
 */
export function tunedByKernel(params: Params, tuner: TunerName, capBytes: number): Params {
  if (tuner === 'asymmetric') return params;
  const schemes = params.schemes.map((scheme): Scheme => {
    if (scheme.action === 'stat') return scheme;
    const goals = [{ metric: 'user_input', targetValue: GOAL_TARGET, currentValue: 0 } as const];
    return { ...scheme, quota: { ...scheme.quota, sizeBytes: capBytes, goals, goalTuner: tuner } };
  });
  return { ...params, schemes };
}
