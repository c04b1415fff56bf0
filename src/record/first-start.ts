/**
 * Traces and old binary records tell when a snapshot ended, and not when it began: that is the end
 * of the one before. For the first there is none, so it is taken to be as long as the mean of all
 * others (damo's rule), which is known after a first pass over the recording.
 */
import { ThermoclineError } from '../base/errors.ts';
import type { ItemSource, RecordItem } from './recording.ts';

/** Ends of a series' snapshots. */
export class EndTimes {
  #count = 0n;
  #first = 0n;
  #last = 0n;

  add(endNs: bigint): void {
    if (this.#count === 0n) this.#first = endNs;
    this.#last = endNs;
    this.#count += 1n;
  }

  /** There is nothing to take the mean of. */
  get isSingle(): boolean {
    return this.#count < 2n;
  }

  /** Start of the first snapshot, to the nearest nanosecond; its end, where there is one only. */
  get firstStartNs(): bigint {
    const intervals = this.#count - 1n;
    const span = this.#last - this.#first;
    if (intervals < 1n || span < 0n) return this.#first;
    return this.#first - (2n * span + intervals) / (2n * intervals);
  }
}

/** A start that is not behind the end: clocks of several processors can differ by a little. */
export function noLaterThan(endNs: bigint, startNs: bigint): bigint {
  if (startNs > endNs) return endNs;
  return startNs;
}

/** What a reader says of series with one snapshot; null when there is none. */
export function singleWarning(times: Iterable<EndTimes>): RecordItem | null {
  let count = 0;
  for (const one of times) if (one.isSingle) count += 1;
  if (count === 0) return null;
  const text =
    `${count === 1 ? 'One target has a single snapshot' : `${count} targets have single snapshots`}, ` +
    'of which the recording does not tell how long it took: its duration is taken as 0.';
  return { kind: 'warning', text };
}

/**
 * Makes a first pass. Faults in the bytes are not its business: the second pass meets them again,
 * and tells what was good before.
 */
export async function passOver(items: ItemSource): Promise<void> {
  try {
    for await (const batch of items) for (const _ of batch);
  } catch (error) {
    if (!(error instanceof ThermoclineError && error.code === 'TC_INVALID')) throw error;
  }
}
