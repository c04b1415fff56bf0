/** Plays a simulated plant on a terminal: a line each so often, until its end or a Ctrl-C. */
import { setImmediate as breathe } from 'node:timers/promises';
import { exactJson } from '../../base/exact-json.ts';
import {
  type GuestController,
  type PlantSecond,
  plantSeconds,
} from '../../control/acma/plant-run.ts';
import type { Scenario } from '../../host/sim/index.ts';
import { Interruption } from '../interruption.ts';

/** The options of all commands that play one. */
export interface PlayOptions {
  /** Microseconds from one line to the next. */
  readonly every: number;
  readonly json?: true;
}

/** What was played. */
interface PlayedPlant {
  readonly seconds: readonly PlantSecond[];
  /** What to end with at once; null where it came to its end. */
  readonly exitStatus: number | null;
}

/**
 * @param look called after each second; what it returns is printed, as JSON or by `line`
 * @param line one row for people
 */
export async function playPlant<Row extends object>(
  scenario: Scenario,
  controller: GuestController,
  { every, json }: PlayOptions,
  look: (second: PlantSecond, timeUs: number) => Row,
  line: (row: Row) => string,
): Promise<PlayedPlant> {
  using interruption = new Interruption();
  const seconds: PlantSecond[] = [];
  for (const second of plantSeconds(scenario, controller)) {
    seconds.push(second);
    const timeUs = seconds.length * 1e6;
    const row = look(second, timeUs);
    if (timeUs % every < 1e6) process.stdout.write(`${json ? exactJson(row) : line(row)}\n`);
    await breathe();
    if (interruption.signal.aborted) return { seconds, exitStatus: interruption.exitStatus };
  }
  return { seconds, exitStatus: null };
}
