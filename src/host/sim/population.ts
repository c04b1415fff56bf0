/**
 * Who the pages of a run are, where they are not all alike: a run is looked at by samples, each of
 * which stands for a share of its pages.
 *
 * Where popularity is shuffled, a run first holds pages of all classes in the proportions of the
 * whole. That changes as soon as they are told apart by their use: those that nobody touched for a
 * while, and those that came back first, are not the average. An extent then remembers its `mix`:
 * the share of each class of popularity among its pages.
 */
import type { SimVma } from './process.ts';
import { POPULARITY_CLASSES, type Skew } from './skew.ts';
import { pieceIndex, type RatePiece, type Rates } from './workload.ts';

/** Blocks of shuffled popularity are looked at in so many places. */
const PLACES = 16;

/** The share of each class of popularity among some pages; null: what their places say. */
export type Mix = Float64Array | null;

/** Pages that are looked at as one. */
export interface Sample {
  readonly page: number;
  /** Class of popularity; -1: what the page itself has. */
  readonly popularity: number;
  /** The share of the run that it stands for; all of them sum up to 1. */
  readonly weight: number;
}

/** A run of pages that share a mix. */
interface Run {
  readonly vma: SimVma;
  readonly start: number;
  readonly end: number;
}

/** Samples of a run. It should lie within one segment. */
export function samplesOf({ vma, start, end }: Run, mix: Mix): Sample[] {
  const middle = Math.floor((start + end) / 2);
  const { skew } = vma;
  if (skew === null || middle < skew.start || middle >= skew.end) {
    return [{ page: middle, popularity: -1, weight: 1 }];
  }
  if (mix === null && skew.itemPages > 1) {
    const places = Math.min(PLACES, end - start);
    return Array.from({ length: places }, (_, place) => ({
      page: Math.floor(start + ((place + 0.5) / places) * (end - start)),
      popularity: -1,
      weight: 1 / places,
    }));
  }
  const samples: Sample[] = [];
  const weights = mix ?? skew.classShares;
  for (let popularity = 0; popularity < weights.length; popularity++) {
    const weight = weights[popularity]!;
    if (weight > 0) samples.push({ page: middle, popularity, weight });
  }
  return samples;
}

/** Accesses a second to a page that a sample stands for, without scans of the past. */
export function sampleRate(rates: Rates, sample: Sample): number {
  return rateInPiece(rates.pieces[pieceIndex(rates, sample.page)]!, rates.skew, sample);
}

/** The same, for who knows the piece that the sample lies in. */
export function rateInPiece(
  piece: RatePiece,
  skew: Skew | null,
  { page, popularity }: Sample,
): number {
  if (!piece.skewed || skew === null) return piece.rate;
  return piece.rate + (popularity < 0 ? skew.rateAt(page) : skew.classRates[popularity]!);
}

/**
 * The mix of those pages of a run that are left when of each sample only a share is.
 * @param shares by sample, 0…1
 */
export function remainingMix(vma: SimVma, samples: readonly Sample[], shares: number[]): Mix {
  const { skew } = vma;
  if (skew === null || samples.length === 1) return null;
  const mix = new Float64Array(POPULARITY_CLASSES);
  let total = 0;
  for (let index = 0; index < samples.length; index++) {
    const { page, popularity, weight } = samples[index]!;
    const left = weight * shares[index]!;
    mix[popularity < 0 ? skew.classAt(page) : popularity]! += left;
    total += left;
  }
  if (total === 0) return null;
  for (let popularity = 0; popularity < mix.length; popularity++) mix[popularity]! /= total;
  return mix;
}

/** The mix of two runs together; the larger one's, where only one is known. */
export function joinedMix(left: Mix, right: Mix, rightShare: number): Mix {
  if (left === null || right === null || left === right) return rightShare > 0.5 ? right : left;
  return left.map((share, popularity) => share + (right[popularity]! - share) * rightShare);
}

/** How much two mixes differ: 0 for the same, 1 for nothing in common. */
export function mixDifference(left: Mix, right: Mix): number {
  if (left === right) return 0;
  if (left === null || right === null) return 1;
  let sum = 0;
  for (let at = 0; at < left.length; at++) sum += Math.abs(left[at]! - right[at]!);
  return sum / 2;
}
