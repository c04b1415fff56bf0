import type { AccessPattern, Bound } from '../../params/types.ts';

/** A pattern as numbers; `max` is Infinity. Both ends are included. */
export interface PatternLimits {
  readonly minSize: number;
  readonly maxSize: number;
  readonly minNrAccesses: number;
  readonly maxNrAccesses: number;
  readonly minAge: number;
  readonly maxAge: number;
}

const asNumber = (bound: Bound): number => (bound === 'max' ? Infinity : bound);

/** The limits of a pattern, ready for comparing. */
export function patternLimits(pattern: AccessPattern): PatternLimits {
  return {
    minSize: asNumber(pattern.sizeBytes.min),
    maxSize: asNumber(pattern.sizeBytes.max),
    minNrAccesses: asNumber(pattern.nrAccesses.min),
    maxNrAccesses: asNumber(pattern.nrAccesses.max),
    minAge: asNumber(pattern.age.min),
    maxAge: asNumber(pattern.age.max),
  };
}

/** Whether a region is what a scheme looks for (spec 5.1). */
export function matchesPattern(
  limits: PatternLimits,
  size: number,
  nrAccesses: number,
  age: number,
): boolean {
  return (
    size >= limits.minSize &&
    size <= limits.maxSize &&
    nrAccesses >= limits.minNrAccesses &&
    nrAccesses <= limits.maxNrAccesses &&
    age >= limits.minAge &&
    age <= limits.maxAge
  );
}
