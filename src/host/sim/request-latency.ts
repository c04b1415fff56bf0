/**
 * How long the requests of a process take, as a histogram. A request needs work, waits for pages
 * that were reclaimed, and for those before it where requests come at a rate of their own: a queue
 * with one server, in expectation (the mean wait of Pollaczek and Khinchine). Latencies of one
 * moment are spread exponentially around their mean, as they are in such a queue.
 */

/** Buckets to an octave: neighbours differ by 2.2 %, and within one the mass is interpolated. */
const STEPS = 32;
const OCTAVES = 40;

/** A server is never busier than this: what comes beyond it waits for a later moment. */
const MOST_BUSY = 0.98;

/** Reaches of the exponential spread that matter, in means. */
const LEAST = 1 / 256;
const MOST = 24;

/** Lower bounds of all buckets, and the end of the last one. */
const BOUNDS_US = Float64Array.from({ length: STEPS * OCTAVES + 1 }, (_, bucket) =>
  boundUs(bucket),
);

/** What requests met in a slice of time. */
export interface RequestSlice {
  readonly seconds: number;
  /** Arrivals; 0: one after the other. */
  readonly perSecond: number;
  /** Seconds that a second of work took. */
  readonly cost: number;
  /** Pages that were waited for, and how long each took. */
  readonly waits: number;
  readonly waitUs: number;
}

/** The latencies of one process since its start. */
export class RequestLatency {
  /** Requests by latency; copy it to look at the time since the copy was made. */
  readonly counts: Float64Array = new Float64Array(STEPS * OCTAVES);
  /** Requests that have come and not been served yet. */
  #backlog = 0;
  readonly #workUs: number;
  /** How requests with the last mean were spread: most moments are like the one before. */
  #spreadMeanUs = 0;
  #spreadFirst = 0;
  #spreadShares: readonly number[] = [];

  constructor(workUs: number) {
    this.#workUs = Math.max(workUs, 1);
  }

  /** @param workSeconds work that was done in the slice, at most */
  add({ seconds, perSecond, cost, waits, waitUs }: RequestSlice, workSeconds: number): void {
    const doable = workSeconds / (this.#workUs / 1e6);
    if (doable <= 0) {
      this.#backlog += perSecond * seconds;
      return;
    }
    const waitsEach = waits / doable;
    const serviceUs = this.#workUs * cost + waitsEach * waitUs;
    if (perSecond === 0) {
      this.#spread(doable, serviceUs);
      return;
    }
    const capacity = seconds / (serviceUs / 1e6);
    const arrived = perSecond * seconds;
    const busy = Math.min(MOST_BUSY, arrived / capacity);
    // Second moment of a service: exponential work, and waits of a fixed length.
    const moment = 2 * serviceUs ** 2 + waitsEach * waitUs ** 2;
    const queueUs = (busy / serviceUs) * (moment / (2 * (1 - busy)));
    const served = Math.min(this.#backlog + arrived, capacity);
    const backlogUs = this.#backlog * serviceUs;
    this.#backlog += arrived - served;
    this.#spread(served, serviceUs + queueUs + backlogUs);
  }

  /**
   * The latency in microseconds that a share of the requests stays below; 0 without requests.
   * @param before a copy of `counts`: only what came since counts
   */
  quantileUs(quantile: number, before?: Float64Array): number {
    const since = (bucket: number) => this.counts[bucket]! - (before?.[bucket] ?? 0);
    let total = 0;
    for (let bucket = 0; bucket < this.counts.length; bucket++) total += since(bucket);
    if (total <= 0) return 0;
    let left = total * quantile;
    for (let bucket = 0; bucket < this.counts.length; bucket++) {
      const count = since(bucket);
      if (count > 0 && count >= left) return boundUs(bucket + left / count);
      left -= count;
    }
    return boundUs(this.counts.length);
  }

  #spread(count: number, meanUs: number): void {
    if (meanUs !== this.#spreadMeanUs) {
      this.#spreadMeanUs = meanUs;
      this.#spreadFirst = bucketOf(meanUs * LEAST);
      this.#spreadShares = exponentialShares(meanUs, this.#spreadFirst, bucketOf(meanUs * MOST));
    }
    const first = this.#spreadFirst;
    const shares = this.#spreadShares;
    for (let at = 0; at < shares.length; at++) this.counts[first + at]! += count * shares[at]!;
  }
}

/** Shares of latencies around a mean that fall into the buckets from `first` to `last`. */
function exponentialShares(meanUs: number, first: number, last: number): number[] {
  const shares: number[] = [];
  let below = 0;
  for (let bucket = first; bucket <= last; bucket++) {
    const share = bucket === last ? 1 : -Math.expm1(-BOUNDS_US[bucket + 1]! / meanUs);
    shares.push(share - below);
    below = share;
  }
  return shares;
}

function bucketOf(us: number): number {
  return Math.min(STEPS * OCTAVES - 1, Math.max(0, Math.floor(Math.log2(us) * STEPS)));
}

function boundUs(bucket: number): number {
  return 2 ** (bucket / STEPS);
}
