/** What scales one guest or container of a real machine: one contract for all of them. */
import type { LeverStep } from '../../host/host.ts';
import type {
  AcmaDecision,
  AcmaObservation,
  WindowState,
} from '../../policies/acma/observation.ts';
import type { Verdict } from '../loop-guards.ts';
import type { HeldCounts } from './held-blocks.ts';

/** What became of a decision. */
export interface Applied {
  /** What it may use from now on; what it was told to let go of counts until it has. */
  readonly sizeBytes: number;
  /** What it has beyond that, without having been allowed to. */
  readonly overshootBytes: number;
  readonly windows: readonly WindowState[];
  /** Left because it was asked to. */
  readonly reclaimedBytes: number;
  /** Blocks that could not be taken, since what they hold did not leave. */
  readonly nrFailed: number;
}

/** One guest or container. */
export interface AcmaActuator {
  /** As people know it: `cgroup /db`. */
  readonly name: string;
  /** Where pressure is read, and where it is no more than a proxy, what it stands for. */
  readonly pressureFrom: string;
  /** What can't be taken from it, whatever the minimum; not there where all can. */
  readonly leastBytes?: number;
  /** Blocks of 2 MiB that are free in one piece where it lives; null where nobody knows. */
  nrFreeBlocks(): number | null;
  /** What became of blocks that it holds; null or not there where none are held. */
  readonly held?: HeldCounts | null;
  /** What an agent in it takes of its memory, so that it is in the bill; not there without one. */
  readonly agentBytes?: number;
  /** What may be written, with what puts it back; to be recorded before the first `apply`. */
  readonly steps: readonly LeverStep[];
  /**
   * How it stands; the verdict is on what happened since the call before, so it is called once a
   * step. Throws TC_NOT_FOUND once it is gone.
   */
  observe(): Promise<AcmaObservation>;
  /** The total of `some` as far as it is known without waiting, in microseconds. */
  stalledUs(): number;
  /** Whether anything may be taken now. */
  verdict(): Verdict;
  /** What `apply` would write or call, as a person would type it. */
  plan(decision: AcmaDecision): string[];
  /** Carries a decision out, as far as it goes, and looks at what came of it. */
  apply(decision: AcmaDecision): Promise<Applied>;
  /** Lets go of it. What was set stays: putting it back is for whoever keeps the journal. */
  close(): Promise<void>;
}
