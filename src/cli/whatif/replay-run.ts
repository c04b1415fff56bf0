import { setImmediate as breathe } from 'node:timers/promises';
import { Replay, type ReplayResult } from '../../ops/replay/replay.ts';
import type { Params } from '../../params/types.ts';
import type { ReplaySource } from './source.ts';

/** So often a replay looks whether to go on. */
const STEPS = 200;

/** Replays a recording under parameters; null when it was interrupted. */
export async function runReplay(
  { pattern, refaultUs, seed }: ReplaySource,
  params: Params,
  signal: AbortSignal,
  progress: (share: number) => void,
): Promise<ReplayResult | null> {
  const replay = new Replay({ pattern, params, refaultUs, seed });
  for (let step = 1; step <= STEPS; step++) {
    replay.runUntil((pattern.durationUs * step) / STEPS);
    progress(step / STEPS);
    await breathe();
    if (signal.aborted) return null;
  }
  return replay.result();
}
