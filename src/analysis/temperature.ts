import type { RatedRegion } from './idle-time.ts';

/**
 * What makes a region hot: points for each byte, each percent of access and each microsecond of
 * age.
 */
export interface TemperatureWeights {
  readonly size: number;
  readonly rate: number;
  readonly age: number;
}

/** damo's: a millisecond of age weighs as much as a thousand percent of access. */
export const DEFAULT_WEIGHTS: TemperatureWeights = { size: 0, rate: 100, age: 100 };

/** The score of a region; below zero where it was not accessed. */
export function temperatureOf(region: RatedRegion, weights: TemperatureWeights): number {
  const { sizeBytes, percent, ageUs } = region;
  const score = sizeBytes * weights.size + percent * weights.rate + ageUs * weights.age;
  return percent > 0 ? score : 0 - score;
}
