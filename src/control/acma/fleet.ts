/** Several guests of one host under one budget: each has its own loop, the budget is shared. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ThermoclineError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import { type BudgetGuest, budgetShares } from '../../policies/acma/budget.ts';
import type { AcmaKnobs } from '../../policies/acma/observation.ts';
import { headroomBytes } from '../../policies/acma/step.ts';
import { AcmaLoop, type AcmaMode, type AcmaReport } from './acma-loop.ts';
import type { AcmaActuator } from './actuator.ts';

/** A guest that does not answer holds nobody else up for longer. */
const STEP_LIMIT_MS = 1000;

/** What a fleet is made of. */
export interface AcmaFleetOptions {
  readonly actuators: readonly AcmaActuator[];
  /** Of each of them. */
  readonly knobs: AcmaKnobs;
  readonly mode: AcmaMode;
  /** For all of them; null: each may have its maximum. */
  readonly budgetBytes: number | null;
}

/** One guest, and what is known of it. */
interface Member {
  readonly actuator: AcmaActuator;
  readonly loop: AcmaLoop;
  standing: BudgetGuest;
  isBusy: boolean;
  /** Why it is not scaled any more; what it had still counts in the budget. */
  lost: ThermoclineError | null;
}

/** What one step of a fleet came to. */
export interface FleetStep {
  readonly reports: readonly AcmaReport[];
  /** Those that can't be scaled any more, from this step on. */
  readonly lost: readonly ThermoclineError[];
}

/** All that one run scales. */
export class AcmaFleet {
  readonly #members: readonly Member[];
  readonly #knobs: AcmaKnobs;
  readonly #budgetBytes: number | null;

  /**
   * Looks at each once.
   * @throws ThermoclineError TC_INVALID for a budget below the sum of the minimums
   */
  static async start(options: AcmaFleetOptions): Promise<AcmaFleet> {
    const { actuators, knobs, mode, budgetBytes } = options;
    const least = actuators.reduce((sum, actuator) => sum + leastOf(actuator, knobs), 0);
    if (budgetBytes !== null && budgetBytes < least) {
      throw new ThermoclineError(
        'TC_INVALID',
        `The budget of ${formatBytes(budgetBytes)} is below the minimums of all guests, and what can't ` +
          `be taken from them, ${formatBytes(least)}; raise --budget, or lower --min or --reserve.`,
      );
    }
    const members: Member[] = [];
    for (const actuator of actuators) {
      const loop = new AcmaLoop(actuator, knobs, mode);
      const { sizeBytes, freeBytes, totalBytes } = await actuator.observe();
      const seen = { sizeBytes, usedBytes: sizeBytes - freeBytes, maxBytes: totalBytes };
      const standing = standingOf(actuator, seen, knobs);
      members.push({ actuator, loop, standing, isBusy: false, lost: null });
    }
    return new AcmaFleet(members, options);
  }

  private constructor(members: readonly Member[], { knobs, budgetBytes }: AcmaFleetOptions) {
    this.#members = members;
    this.#knobs = knobs;
    this.#budgetBytes = budgetBytes;
  }

  /** Those that are scaled. */
  get nrGuests(): number {
    return this.#members.filter(({ lost }) => lost === null).length;
  }

  /** Time lost in all of them, in microseconds, as far as it is known without waiting. */
  stalledUs(): number {
    return this.#members.reduce((sum, { actuator }) => sum + actuator.stalledUs(), 0);
  }

  /** One step of each that has finished the one before. */
  async step(): Promise<FleetStep> {
    const reports: AcmaReport[] = [];
    const lost: ThermoclineError[] = [];
    const most = this.#shares();
    const steps = this.#members.map(async (member, index) => {
      if (member.isBusy || member.lost !== null) return;
      member.isBusy = true;
      // Until it has said what it took, it may have all of its share.
      const sizeBytes = Math.max(member.standing.sizeBytes, most[index] ?? 0);
      member.standing = { ...member.standing, sizeBytes };
      try {
        const report = await member.loop.step(most[index]);
        const sizeBytes = report.sizeBytes + report.overshootBytes;
        member.standing = standingOf(member.actuator, { ...report, sizeBytes }, this.#knobs);
        reports.push(report);
      } catch (error) {
        if (!(error instanceof ThermoclineError)) throw error;
        member.lost = error;
        lost.push(error);
      } finally {
        member.isBusy = false;
      }
    });
    await within(Promise.all(steps), STEP_LIMIT_MS);
    return { reports, lost };
  }

  #shares(): readonly (number | undefined)[] {
    if (this.#budgetBytes === null) return [];
    const live = this.#members.filter(({ lost }) => lost === null);
    const held = this.#members.filter(({ lost }) => lost !== null);
    const heldBytes = held.reduce((sum, { standing }) => sum + standing.sizeBytes, 0);
    const shares = budgetShares(
      live.map(({ standing }) => standing),
      this.#budgetBytes - heldBytes,
    );
    return this.#members.map((member) => shares[live.indexOf(member)]);
  }
}

/** A minimum, or what can't be taken. */
function leastOf({ leastBytes = 0 }: AcmaActuator, { minBytes }: AcmaKnobs): number {
  return Math.max(minBytes, leastBytes);
}

function standingOf(
  actuator: AcmaActuator,
  { sizeBytes, usedBytes, maxBytes }: Pick<AcmaReport, 'sizeBytes' | 'usedBytes' | 'maxBytes'>,
  knobs: AcmaKnobs,
): BudgetGuest {
  return {
    sizeBytes,
    wantedBytes: usedBytes + headroomBytes(knobs),
    minBytes: leastOf(actuator, knobs),
    maxBytes: Math.min(maxBytes, knobs.maxBytes),
  };
}

/** Goes on after `limitMs`, whatever is still under way. */
async function within(work: Promise<unknown>, limitMs: number): Promise<void> {
  const over = new AbortController();
  const late = sleep(limitMs, undefined, { signal: over.signal, ref: false }).catch(() => {});
  await Promise.race([work, late]);
  over.abort();
}
