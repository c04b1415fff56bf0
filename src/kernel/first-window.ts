/**
 * Some kernels, 6.12.95 for one, work out how much a quota allows only when its first window ends,
 * and until then take it for no limit at all. So a scheme that acts is held back at first: it finds
 * nothing, and gets its pattern once the kernel says that its limit is in force. Pure.
 */
import type { Params, Scheme } from '../params/types.ts';
import { type Features, hasFeature } from './features.ts';

/** Indexes of schemes that are held back. */
export type HeldBack = ReadonlySet<number>;

/**
 * The schemes of a start that are to be held back: those that act within a limit. Not those that
 * end after some snapshots (`maxNrSnapshots`), since the ones that find nothing would count; and
 * none where the kernel does not tell what is in force.
 */
export function heldAtStart(schemes: readonly Scheme[], features: Features): HeldBack {
  if (hasFeature(features, 'effective_bytes') === false) return new Set();
  return new Set(schemes.keys().filter((index) => waits(schemes[index]!)));
}

function waits({ action, quota, maxNrSnapshots }: Scheme): boolean {
  const isLimited = quota.sizeBytes !== 0 || quota.timeMs > 0 || quota.goals.length > 0;
  return isLimited && action !== 'stat' && maxNrSnapshots === 0;
}

/**
 * The same for a commit: a scheme that acted already under this index keeps its window, and goes on
 * being held back if it was.
 */
export function heldAtCommit(
  before: readonly Scheme[],
  after: readonly Scheme[],
  held: HeldBack,
  features: Features,
): HeldBack {
  const acted = (index: number) => before[index] !== undefined && before[index].action !== 'stat';
  const wanted = heldAtStart(after, features);
  return new Set([...wanted].filter((index) => !acted(index) || held.has(index)));
}

/** What to stage while `held` are held back. */
export function withHeldBack(params: Params, held: HeldBack): Params {
  const schemes = params.schemes.map((scheme, index) =>
    held.has(index) ? heldBack(scheme) : scheme,
  );
  return { ...params, schemes };
}

/** It finds nothing, and its first window ends with its first pass. */
function heldBack(scheme: Scheme): Scheme {
  return {
    ...scheme,
    // No region is accessed that often. Acting by `stat` instead would do no harm either, but its
    // speed would count as that of the true action, by which a limit in time becomes one in bytes.
    pattern: { ...scheme.pattern, nrAccesses: { min: 'max', max: 'max' } },
    quota: { ...scheme.quota, resetIntervalMs: 0 },
  };
}
