/** The same schemes with their actions replaced by `stat`, and how that differs from acting. */
import type { Params } from '../params/types.ts';

/** Parameters that only count what `params` would act on. */
export function shadowParams(params: Params): Params {
  return { ...params, schemes: params.schemes.map((scheme) => ({ ...scheme, action: 'stat' })) };
}

/** In what a shadow is not the real thing, as sentences. */
export const SHADOW_DIFFERENCES: readonly string[] = [
  'Nothing leaves, so a region keeps its age and is counted again in each window; what would have left is ' +
    'kept in a ledger of idle memory instead, within the same quota.',
  'What comes back is known by region: one access to a region counts for all of it that would be out.',
  'Nobody waits for memory that never left: pressure does not answer, so the rate is not slowed down by it; ' +
    'what came back is turned into the stall that it would have cost.',
];
