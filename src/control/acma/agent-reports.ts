/**
 * Figures of a guest that cooperates, by the agent in it. When that falls silent, the last ones
 * grow old, which never shrinks a guest; then it is observed from outside, as any other.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';
import { ThermoclineError } from '../../base/errors.ts';
import type { AgentLink } from '../../host/linux/agent-link.ts';
import type { GuestFigures, GuestReports, GuestWish } from './guest-reports.ts';

/** By then the controller has gone back to what was enough, and it has not given all back yet. */
const SILENT_MS = 5000;
const NR_FIRST_QUESTIONS = 10;
const NOTHING: GuestWish = { reclaimBytes: 0, compact: false };

/** One guest's. */
export class AgentReports implements GuestReports {
  readonly #name: string;
  readonly #link: AgentLink;
  readonly #outside: GuestReports | null;
  readonly #clock: Clock;
  #from: GuestReports | AgentLink;
  #outsideIsSilent = false;
  /** Totals of two sources can't be compared: only the growth of one and the same counts. */
  #stalls = { from: null as unknown, totalUs: 0, grownUs: 0 };

  /**
   * @param name of the guest, for people
   * @param outside for times in which the agent is silent; null where there is nobody else
   */
  constructor(name: string, link: AgentLink, outside: GuestReports | null, clock: Clock) {
    this.#name = name;
    this.#link = link;
    this.#outside = outside;
    this.#clock = clock;
    this.#from = link;
  }

  get cooperates(): boolean {
    return this.#from === this.#link;
  }

  get pressureFrom(): string {
    if (this.#from === this.#link) return "the guest's memory pressure, by its agent";
    const why = this.#link.trouble ?? 'it does not answer';
    return `${this.#outside!.pressureFrom} (its agent is silent: ${why})`;
  }

  async latest(): Promise<GuestFigures> {
    const isFirst = this.#link.latest === null && this.#from === this.#link;
    for (let nr = 0; nr < (isFirst ? NR_FIRST_QUESTIONS : 1); nr++) {
      await this.#link.ask(NOTHING);
      if (this.#link.latest !== null) break;
      if (isFirst) await sleep(100);
    }
    const report = this.#link.latest;
    const isSilent = report === null || this.#nowMs() - report.takenAtMs > SILENT_MS;
    const seen = isSilent ? await this.#fromOutside() : null;
    if (seen !== null) return this.#dated(seen);
    if (report === null) throw this.#silent();
    this.#from = this.#link;
    // What it has told since without a question counts too.
    return this.#dated({ ...report, stalledUs: this.#link.someTotalUs });
  }

  stalledUs(): number {
    if (this.#from === this.#link) this.#count(this.#link.someTotalUs);
    return this.#stalls.grownUs;
  }

  async ask(wish: GuestWish): Promise<void> {
    await this.#link.ask(wish);
  }

  async close(): Promise<void> {
    this.#link[Symbol.dispose]();
    await this.#outside?.close();
  }

  /** Null where nobody is outside who knows anything. */
  async #fromOutside(): Promise<GuestFigures | null> {
    if (this.#outside === null || this.#outsideIsSilent) return null;
    try {
      const figures = await this.#outside.latest();
      this.#from = this.#outside;
      return figures;
    } catch (error) {
      if (!(error instanceof ThermoclineError && error.code === 'TC_UNSUPPORTED')) throw error;
      this.#outsideIsSilent = true;
      return null;
    }
  }

  #dated(figures: GuestFigures): GuestFigures {
    this.#count(figures.stalledUs);
    return { ...figures, stalledUs: this.#stalls.grownUs };
  }

  #count(totalUs: number): void {
    const { from, totalUs: before, grownUs } = this.#stalls;
    const grows = from === this.#from && totalUs > before;
    this.#stalls = {
      from: this.#from,
      totalUs,
      grownUs: grows ? grownUs + totalUs - before : grownUs,
    };
  }

  #silent(): ThermoclineError {
    const why = this.#link.trouble === null ? '' : ` (${this.#link.trouble})`;
    return new ThermoclineError(
      'TC_UNSUPPORTED',
      `The agent of ${this.#name} does not answer${why}, and no balloon's driver does either; start ` +
        '"thermocline agent" in the guest.',
    );
  }

  #nowMs(): number {
    return this.#clock.nowUs() / 1000;
  }
}
