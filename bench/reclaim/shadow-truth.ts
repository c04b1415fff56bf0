/** What a shadow says would leave and come back, beside what a run then does. */
import type { LoopMode } from '../../src/control/policy-loop.ts';
import type { Scenario } from '../../src/host/sim/index.ts';
import { beginLoop } from './policies/thermocline.ts';

/** Totals of a run, or what a shadow makes of them. */
export interface OutAndBack {
  readonly leftBytes: number;
  readonly cameBackBytes: number;
}

/** One workload. Shares of what the run did; 0 where both are next to nothing. */
export interface ShadowRow {
  readonly workload: string;
  readonly said: OutAndBack;
  readonly was: OutAndBack;
  readonly leftOff: number;
  readonly cameBackOff: number;
  readonly holds: boolean;
}

/** How far off a shadow may be. */
export const WITHIN = 0.2;
/** Less is next to nothing: of the memory in use for what leaves, of that for what comes back. */
const NEGLIGIBLE = { left: 0.01, cameBack: 0.05 };

/**
 * Plays the scenario twice.
 * @param progress told before each
 */
export async function shadowRow(
  workload: string,
  scenario: Scenario,
  durationUs: number,
  progress: (mode: LoopMode) => void = () => {},
): Promise<ShadowRow> {
  const play = (mode: LoopMode) => {
    progress(mode);
    return playLoop(scenario, mode, durationUs);
  };
  const said = await play('shadow');
  const was = await play('run');
  const memoryBytes = scenario.nodes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const leftOff = offBy(said.leftBytes, was.leftBytes, memoryBytes * NEGLIGIBLE.left);
  const scale = Math.max(memoryBytes * NEGLIGIBLE.left, was.leftBytes) * NEGLIGIBLE.cameBack;
  const cameBackOff = offBy(said.cameBackBytes, was.cameBackBytes, scale);
  const holds = Math.abs(leftOff) <= WITHIN && Math.abs(cameBackOff) <= WITHIN;
  return { workload, said, was, leftOff, cameBackOff, holds };
}

async function playLoop(
  scenario: Scenario,
  mode: LoopMode,
  durationUs: number,
): Promise<OutAndBack> {
  let last: OutAndBack = { leftBytes: 0, cameBackBytes: 0 };
  const run = await beginLoop(scenario, mode, ({ leftBytes, cameBackBytes }) => {
    last = { leftBytes, cameBackBytes };
  });
  await run.advance(durationUs);
  return last;
}

function offBy(said: number, was: number, negligible: number): number {
  if (Math.max(said, was) <= negligible) return 0;
  return was === 0 ? 1 : said / was - 1;
}
