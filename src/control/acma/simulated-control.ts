/** Our controller on a simulated guest: its decisions become schemes of the engine. */
import { PAGE_SIZE, type Scenario } from '../../host/sim/index.ts';
import type { Params } from '../../params/types.ts';
import {
  type AcmaDecision,
  type AcmaKnobs,
  type AcmaObservation,
  BLOCK_BYTES,
  WINDOW_BYTES,
} from '../../policies/acma/observation.ts';
import { type AcmaState, headroomBytes, newAcmaState, stepAcma } from '../../policies/acma/step.ts';
import { BlockBook, type BlockBookOptions } from './block-book.ts';
import {
  coldBytesOf,
  controlParams,
  hotBytesByWindow,
  SAMPLE_US,
  schemesFor,
} from './block-schemes.ts';
import type { GuestController } from './plant-run.ts';
import type { SimulatedGuest } from './simulated-guest.ts';

const TRIGGER_WINDOW_US = 1_000_000;
/** After so long, what was ordered has happened or has failed. */
const SETTLED_AFTER_US = 2 * SAMPLE_US;

/** What was decided at a moment, for whoever shows it. */
export interface DecisionRecord {
  readonly nowUs: number;
  readonly observation: AcmaObservation;
  readonly decision: AcmaDecision;
}

/**
 * A controller for one run.
 * @param knobs asked anew at each step, since they may change while it runs
 * @param ledger where blocks are written down, and those that an earlier controller has left
 * @param step what decides; `stepAcma` by default
 */
export function controlSimulatedGuest(
  scenario: Scenario,
  knobs: () => AcmaKnobs,
  decided: (record: DecisionRecord) => void = () => {},
  ledger: BlockBookOptions = {},
  step: typeof stepAcma = stepAcma,
): GuestController {
  return new SimulatedControl(scenario, knobs, decided, new BlockBook(ledger), step);
}

class SimulatedControl implements GuestController {
  readonly params: Params;
  readonly #knobs: () => AcmaKnobs;
  readonly #decided: (record: DecisionRecord) => void;
  readonly #book: BlockBook;
  readonly #decide: typeof stepAcma;
  #isNew = true;
  #state: AcmaState | null = null;
  #observations: AcmaObservation[] = [];
  #orders: { readonly dueUs: number; readonly decision: AcmaDecision }[] = [];
  #recentStalls: number[] = [];
  /** What a guest that lies goes on telling. */
  #lie: AcmaObservation | null = null;
  #lastStepUs = Number.NEGATIVE_INFINITY;
  #lastOrderUs = Number.NEGATIVE_INFINITY;

  constructor(
    scenario: Scenario,
    knobs: () => AcmaKnobs,
    decided: (record: DecisionRecord) => void,
    book: BlockBook,
    decide: typeof stepAcma,
  ) {
    this.#decide = decide;
    this.#knobs = knobs;
    this.#book = book;
    this.#decided = decided;
    this.params = controlParams(scenario);
  }

  everyStep(guest: SimulatedGuest): void {
    if (this.#isNew) this.#takeOver(guest);
    for (const { decision } of this.#due(guest.nowUs)) this.#order(guest, decision);
    this.#settle(guest);
    const isShort = this.#hears(guest) && guest.freeBytes < headroomBytes(this.#knobs()) / 2;
    if (this.#triggerFires(guest) || isShort) this.#step(guest);
  }

  /** What an earlier controller has ordered would go on happening behind the ledger's back. */
  #takeOver({ simulation, nowUs }: SimulatedGuest): void {
    this.#isNew = false;
    if (this.#book.taken().length === 0) return;
    this.#lastOrderUs = nowUs;
    simulation.driver.commit(this.params);
  }

  everySecond(guest: SimulatedGuest): void {
    if (guest.nowUs - this.#lastStepUs >= TRIGGER_WINDOW_US / 2) this.#step(guest);
  }

  /** As a pressure trigger of the kernel: more lost within a second than acceptable. */
  #triggerFires(guest: SimulatedGuest): boolean {
    if (!this.#hears(guest)) return false;
    this.#recentStalls.push(guest.shownStalledUs);
    const window = TRIGGER_WINDOW_US / 100_000;
    if (this.#recentStalls.length > window + 1) this.#recentStalls.shift();
    const lostUs = this.#recentStalls.at(-1)! - this.#recentStalls[0]!;
    const fires = lostUs > this.#knobs().pressureShare * TRIGGER_WINDOW_US;
    // A trigger fires once in its window at the most.
    if (fires) this.#recentStalls = [];
    return fires;
  }

  /** Whether the guest tells of trouble by itself. */
  #hears({ nowUs, spec: { guest } }: SimulatedGuest): boolean {
    return nowUs < Math.min(guest.liesFromUs, guest.silentFromUs);
  }

  #step(guest: SimulatedGuest): void {
    this.#lastStepUs = guest.nowUs;
    const observation = this.#observe(guest);
    this.#state ??= newAcmaState(observation);
    const { decision, state } = this.#decide(observation, this.#state, this.#knobs());
    this.#state = state;
    this.#decided({ nowUs: guest.nowUs, observation, decision });
    this.#orders.push({ dueUs: guest.nowUs + guest.spec.guest.delayUs, decision });
    for (const due of this.#due(guest.nowUs)) this.#order(guest, due.decision);
  }

  #due(nowUs: number): { readonly decision: AcmaDecision }[] {
    const due = this.#orders.filter(({ dueUs }) => dueUs <= nowUs);
    this.#orders = this.#orders.filter(({ dueUs }) => dueUs > nowUs);
    return due;
  }

  /** What the guest is told becomes the schemes that run in it. */
  #order(guest: SimulatedGuest, { reclaimBytes, take, give }: AcmaDecision): void {
    this.#lastOrderUs = guest.nowUs;
    const { bytesPerSecond, silentFromUs } = guest.spec.guest;
    const isSilent = guest.nowUs >= silentFromUs;
    const nowMs = guest.nowUs / 1000;
    const mostBlocks = Math.floor(Math.min(bytesPerSecond, guest.totalBytes) / BLOCK_BYTES);
    // Orders that were late may meet others that have been carried out meanwhile.
    const { nrToGive, nrToTake } = this.#room(guest);
    const nrTakes = isSilent ? 0 : Math.min(mostBlocks, nrToTake);
    const taking = this.#book.toTake(take, nowMs).slice(0, nrTakes);
    const returning = this.#book.toGive(give).slice(0, nrToGive);
    this.#book.startTaking(taking);
    this.#book.startReturning(returning);
    const schemes = schemesFor(isSilent ? 0 : reclaimBytes, taking, returning);
    guest.simulation.driver.commit({ ...this.params, schemes });
  }

  /** Blocks that may be given and taken, whatever becomes of those that are under way. */
  #room({ totalBytes }: SimulatedGuest): { readonly nrToGive: number; readonly nrToTake: number } {
    const { minBytes, maxBytes } = this.#knobs();
    const blocks = (bytes: number) => Math.max(0, Math.floor(bytes / BLOCK_BYTES));
    const mostBytes = totalBytes - this.#book.nrTaken * BLOCK_BYTES;
    const leastBytes = totalBytes - this.#book.taken().length * BLOCK_BYTES;
    return { nrToGive: blocks(maxBytes - mostBytes), nrToTake: blocks(leastBytes - minBytes) };
  }

  /** Finds out what has become of the blocks that were to be taken or given. */
  #settle(guest: SimulatedGuest): void {
    const out = new Set(guest.machine.blocks.owned().map((frame) => frame * PAGE_SIZE));
    const isOver = guest.nowUs - this.#lastOrderUs >= SETTLED_AFTER_US;
    if (!this.#book.settle(out, isOver, guest.nowUs / 1000)) return;
    // Or the scheme would go on trying until the next order.
    guest.simulation.driver.commit({ ...this.params, schemes: schemesFor(0, [], []) });
  }

  #observe(guest: SimulatedGuest): AcmaObservation {
    const { guest: spec } = guest.spec;
    const fresh = this.#freshObservation(guest);
    this.#observations.push(fresh);
    const honest = this.#observations.filter(
      ({ takenAtMs }) =>
        takenAtMs * 1000 <= Math.min(guest.nowUs - spec.delayUs, spec.silentFromUs),
    );
    this.#observations = this.#observations.slice(-16);
    const latest = honest.at(-1) ?? this.#observations[0]!;
    // Sizes and supplies are the host's own figures, as of now.
    const { nowMs, sizeBytes, hostFaultedBytes, windows } = fresh;
    const seen = { ...latest, nowMs, sizeBytes, hostFaultedBytes, windows };
    if (guest.nowUs < spec.liesFromUs) return seen;
    this.#lie ??= seen;
    const { someTotalUs, refaultedBytes } = this.#lie;
    return { ...seen, someTotalUs, refaultedBytes, coldBytes: sizeBytes / 2 };
  }

  #freshObservation(guest: SimulatedGuest): AcmaObservation {
    const nowMs = guest.nowUs / 1000;
    const snapshot = guest.simulation.snapshot();
    const nrWindows = Math.floor(guest.totalBytes / WINDOW_BYTES);
    const hot = hotBytesByWindow(snapshot, nrWindows);
    const { refaultedPages } = guest.machine.counters;
    return {
      nowMs,
      takenAtMs: nowMs,
      totalBytes: guest.totalBytes,
      sizeBytes: guest.sizeBytes,
      freeBytes: guest.freeBytes,
      // Free memory is as cold as it gets, and does not have to leave.
      coldBytes: Math.max(0, coldBytesOf(snapshot, this.#book.taken()) - guest.freeBytes),
      someTotalUs: guest.shownStalledUs,
      refaultedBytes: refaultedPages * PAGE_SIZE,
      hostFaultedBytes: refaultedPages * PAGE_SIZE,
      windows: Array.from({ length: nrWindows }, (_, window) => ({
        ...this.#book.window(window, nowMs),
        hotBytes: hot[window]!,
      })),
    };
  }
}
