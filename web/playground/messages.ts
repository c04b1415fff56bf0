/** What the page and the worker with the simulated machines say to each other. */
import type { MachineSummary } from '../../src/host/sim/index.ts';
import type { SchemeState, Snapshot } from '../../src/params/snapshot.ts';
import type { Params } from '../../src/params/types.ts';
import type { AddressLabel } from '../heat/picture.ts';
import type { KnobValues } from './recipes.ts';

/** The machine with the schemes, and the same one without. */
export type Side = 'trial' | 'baseline';

export const SIDES: readonly Side[] = ['trial', 'baseline'];

export const SIDE_NAMES: Readonly<Record<Side, string>> = {
  trial: 'With the scheme',
  baseline: 'Left alone',
};

/** Begins a run; one that is under way ends. */
export interface StartRun {
  readonly kind: 'start';
  /** YAML of a scenario. */
  readonly scenario: string;
  /** Name of a recipe, and values of its knobs. */
  readonly recipe: string;
  readonly knobs: KnobValues;
  /** Simulated seconds for one of ours; 0 goes as fast as it can. */
  readonly speed: number;
}

export type ToWorker =
  | StartRun
  | { readonly kind: 'speed'; readonly speed: number }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' };

/** A run has begun. */
export interface RunBegun {
  readonly kind: 'begun';
  readonly durationUs: number;
  readonly labels: readonly AddressLabel[];
  readonly params: Params;
}

/** One machine has got on. */
export interface RunStep {
  readonly kind: 'step';
  readonly side: Side;
  readonly frames: readonly { readonly snapshot: Snapshot; readonly spanUs: number }[];
  readonly schemes: readonly SchemeState[];
  readonly machine: MachineSummary;
}

export type FromWorker =
  | RunBegun
  | RunStep
  | { readonly kind: 'done' }
  /** One sentence. */
  | { readonly kind: 'failed'; readonly message: string };
