import { drawSamplingAddresses, type Operations } from '../core/operations.ts';
import type { Action, AddressRange } from '../params/types.ts';

/** Where accesses happen, as a test wants them. */
export interface AccessScript {
  /** Regions of targets that have none of their own. */
  readonly ranges: readonly AddressRange[];
  /** Whether the page at `address` was accessed in the sampling interval that ends with `tick`. */
  accessed(address: number, tick: number, targetIndex: number): boolean;
  /** Whether a target is still there; by default it always is. */
  present?(targetIndex: number): boolean;
}

/** One region that a scheme was applied to. */
export interface AppliedAction {
  readonly tick: number;
  readonly action: Action;
  readonly targetIndex: number;
  readonly start: number;
  readonly end: number;
}

/** The set, and what it was asked to do. */
export interface ScriptedOperations extends Operations {
  /** All that schemes did, in order. Every action succeeds on the whole region. */
  readonly applied: readonly AppliedAction[];
}

/** An operations set for virtual address spaces that follows a script and touches nothing. */
export function scriptedOperations(script: AccessScript): ScriptedOperations {
  const applied: AppliedAction[] = [];
  return {
    id: 'vaddr',
    applied,
    capabilities: () => [],
    init(context) {
      for (const target of context.targets) {
        if (target.regions.nr === 0) context.setRegions(target, script.ranges);
      }
    },
    prepare(context, target) {
      drawSamplingAddresses(target.regions, context.random);
    },
    check(context, target) {
      const { regions } = target;
      let max = 0;
      for (let row = 0; row < regions.nr; row++) {
        if (script.accessed(regions.samplingAddress[row]!, context.tick, target.index)) {
          regions.nrAccesses[row]! += 1;
        }
        max = Math.max(max, regions.nrAccesses[row]!);
      }
      return max;
    },
    apply(context, { scheme, target, start, end }, outcome) {
      const { tick } = context;
      applied.push({ tick, action: scheme.action, targetIndex: target.index, start, end });
      outcome.applied = end - start;
    },
    targetValid: (target) => script.present?.(target.index) ?? true,
  };
}
