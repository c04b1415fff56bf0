/** The picture of one monitor: its history, and what lies where. */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { Snapshot } from '../../src/params/snapshot.ts';
import { AddressAxis, AxisBuilder } from './address-axis.ts';
import { type HeatEntry, HeatHistory } from './heat-history.ts';
import type { HeatWorld } from './heat-view.ts';

/** A name for a range of addresses: a mapping, or a node of physical memory. */
export interface AddressLabel {
  readonly targetIndex: number;
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** A new axis voids what is drawn, so memory that keeps coming waits for so many snapshots. */
const AXIS_EVERY = 10;

/** By less, clocks differ only by when each was read; by more, one of them was set. */
const CLOCK_JITTER_US = 500_000;

let nextId = 1;

/** Views follow `revision`, which moves with each snapshot. */
export class Picture {
  /** Tells pictures apart: a view of another one begins anew. */
  readonly id: number = nextId++;
  /** When it will end, for runs whose end is known; such a picture fills up from the left. */
  readonly untilUs: number | null;
  readonly history: HeatHistory = new HeatHistory();
  readonly #axis = signal(new AddressAxis([]));
  readonly #labels = signal<readonly AddressLabel[]>([]);
  readonly #revision = signal(0);
  readonly #builder = new AxisBuilder();
  #sinceAxis = 0;
  #wallOffsetUs: number | null = null;

  constructor(untilUs: number | null = null) {
    this.untilUs = untilUs;
  }

  get axis(): ReadonlySignal<AddressAxis> {
    return this.#axis;
  }

  get labels(): ReadonlySignal<readonly AddressLabel[]> {
    return this.#labels;
  }

  get revision(): ReadonlySignal<number> {
    return this.#revision;
  }

  get latest(): HeatEntry | undefined {
    return this.history.latest;
  }

  get world(): HeatWorld {
    const { fromUs, toUs } = this.history;
    const { totalBytes } = this.#axis.value;
    return { fromUs, toUs: Math.max(toUs, this.untilUs ?? 0), totalBytes };
  }

  /**
   * Microseconds since 1970 at 0 of the picture's time; null on a virtual clock. The same from
   * snapshot to snapshot, so that the times below a picture that stands still do so, too.
   */
  get wallOffsetUs(): number | null {
    return this.#wallOffsetUs;
  }

  /** Takes snapshots in order of time, each with the time that it speaks for. */
  add(frames: readonly { readonly snapshot: Snapshot; readonly spanUs: number }[]): void {
    batch(() => {
      for (const { snapshot, spanUs } of frames) {
        if (!this.history.add(snapshot, spanUs)) continue;
        this.#builder.add(snapshot);
        this.#sinceAxis += 1;
        this.#noteClock(snapshot);
      }
      if (this.#axis.value.totalBytes === 0 || this.#sinceAxis >= AXIS_EVERY) {
        this.#axis.value = this.#builder.build(this.#axis.value);
        this.#sinceAxis = 0;
      }
      this.#revision.value += 1;
    });
  }

  /** Takes finer snapshots of a time that it has already; see `HeatHistory.refine`. */
  refine(frames: readonly { readonly snapshot: Snapshot; readonly spanUs: number }[]): void {
    batch(() => {
      this.history.refine(frames);
      for (const { snapshot } of frames) this.#builder.add(snapshot);
      this.#sinceAxis += frames.length;
      this.#revision.value += 1;
    });
  }

  #noteClock({ timeUs, wallTimeUs }: Snapshot): void {
    if (wallTimeUs == null) return;
    const offsetUs = wallTimeUs - timeUs;
    const before = this.#wallOffsetUs;
    if (before === null || Math.abs(offsetUs - before) > CLOCK_JITTER_US) {
      this.#wallOffsetUs = offsetUs;
    }
  }

  setLabels(labels: readonly AddressLabel[]): void {
    this.#labels.value = labels;
  }
}

/** The name of what lies at a place, or null. */
export function labelAt(
  labels: readonly AddressLabel[],
  targetIndex: number,
  address: number,
): AddressLabel | null {
  return (
    labels.find(
      (one) => one.targetIndex === targetIndex && one.start <= address && one.end > address,
    ) ?? null
  );
}
