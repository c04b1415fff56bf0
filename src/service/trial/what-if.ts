/** What a monitor's schemes would have done to what it has seen: its own history, played again. */
import { setImmediate as breathe } from 'node:timers/promises';
import { ThermoclineError } from '../../base/errors.ts';
import type { WhatIfAnswer } from '../../client/api-types.ts';
import type { SnapshotFrame } from '../../client/snapshot-frame.ts';
import { COMPRESSION_RATIO, SWAP_LATENCY_US } from '../../host/sim/index.ts';
import { limitsOf } from '../../ops/replay/limits.ts';
import { momentsOf, outcomeOf } from '../../ops/replay/outcome.ts';
import {
  layoutBytes,
  type PatternSnapshot,
  patternOf,
  type RecordedPattern,
} from '../../ops/replay/recorded-pattern.ts';
import { Replay } from '../../ops/replay/replay.ts';
import type { Params } from '../../params/types.ts';

/** Some milliseconds of replay at a thousand regions; between two of them others get their turn. */
const SLICE_US = 500_000;

/** What is played again, and how. */
export interface WhatIfOptions {
  /** The oldest first. */
  readonly frames: readonly SnapshotFrame[];
  readonly params: Params;
  readonly swap: 'disk' | 'zram';
  /** Of what is watched, on average; null where the monitor can't tell. */
  readonly residentBytes: number | null;
  readonly seesAmountsOnly: boolean;
}

/**
 * Replays pictures under parameters, in slices, so that whoever waits for this thread doesn't wait
 * for all of it.
 * @throws ThermoclineError TC_INVALID where there is nothing to replay; what the signal aborts with
 */
export async function whatIf(options: WhatIfOptions, signal: AbortSignal): Promise<WhatIfAnswer> {
  const { frames, params, swap, seesAmountsOnly } = options;
  const pattern = patternOf(frames.map(windowOf));
  if (pattern === null) {
    throw new ThermoclineError(
      'TC_INVALID',
      'There is nothing in this part of the history yet; wait for a picture, or name another part.',
    );
  }
  const refaultUs = SWAP_LATENCY_US[swap];
  const replay = new Replay({ pattern, params, refaultUs });
  for (let untilUs = 0; untilUs < pattern.durationUs; ) {
    untilUs = Math.min(untilUs + SLICE_US, pattern.durationUs);
    replay.runUntil(untilUs);
    await breathe();
    signal.throwIfAborted();
  }
  const result = replay.result();
  const absentBytes = absentOf(pattern, options.residentBytes);
  const netShare = swap === 'zram' ? 1 - 1 / COMPRESSION_RATIO : 1;
  const first = frames[0]!.snapshot;
  return {
    durationUs: pattern.durationUs,
    ...outcomeOf(result, { absentBytes, netShare }),
    overTime: momentsOf(result, absentBytes),
    limits: limitsOf(
      {
        pattern,
        intervals: first,
        knowsIntervals: true,
        knowsAges: true,
        nrSnapshots: frames.length,
        residentBytes: options.residentBytes,
        isDamaged: false,
        knowsTouched: false,
        seesAmountsOnly,
      },
      params,
      refaultUs,
    ),
  };
}

/** A picture that stands for several windows is one long one. */
function windowOf({ snapshot, spanUs }: SnapshotFrame): PatternSnapshot {
  const windows = Math.max(1, spanUs / snapshot.aggregationIntervalUs);
  return {
    ...snapshot,
    aggregationIntervalUs: spanUs,
    age: windows === 1 ? snapshot.age : Array.from(snapshot.age, (age) => age / windows),
  };
}

function absentOf(pattern: RecordedPattern, residentBytes: number | null): number {
  return residentBytes === null ? 0 : Math.max(0, layoutBytes(pattern) - residentBytes);
}
