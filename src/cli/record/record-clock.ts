import type { Snapshot } from '../../params/snapshot.ts';

/** Further apart, the time of day was set, or the machine slept. */
const MAX_DRIFT_US = 1_000_000;

/**
 * Times of a recording: the monitor's clock, which never goes back, moved to where the time of day
 * was at the start. On a virtual clock, the monitor's own.
 */
export class RecordClock {
  #offsetUs: number | null = null;

  /** Nanoseconds since 1970, or since the virtual start. */
  timeNs({ timeUs, wallTimeUs }: Snapshot): bigint {
    if (wallTimeUs !== null) {
      const offsetUs = wallTimeUs - timeUs;
      this.#offsetUs ??= offsetUs;
      // Time that was set back is left alone: a recording goes forward only.
      if (offsetUs - this.#offsetUs > MAX_DRIFT_US) this.#offsetUs = offsetUs;
    }
    return BigInt(Math.round(timeUs + (this.#offsetUs ?? 0))) * 1000n;
  }
}
