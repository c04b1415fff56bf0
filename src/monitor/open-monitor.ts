/**
 * The one place where it is decided what watches: commands and the service describe it as plain
 * data and get a monitor, whatever stands behind the contract.
 */
import { assert } from '../base/assert.ts';
import type { LeverStep } from '../host/host.ts';
import type { Params } from '../params/types.ts';
import { EngineMonitor } from './engine-monitor.ts';
import type { ForeignSpec } from './foreign-monitor.ts';
import type { KernelSpec } from './kernel-monitor.ts';
import type { Monitor } from './monitor.ts';
import type { OperationsSpec } from './operations-factory.ts';

/**
 * What watches. `smaps` and `sim` are the engine in a worker thread of this process; `kernel` is
 * the kernel's own DAMON, which nothing but the user's word selects; `foreign` listens to a kdamond
 * of somebody else, by the parameters that it has.
 */
export type MonitorSpec = OperationsSpec | KernelSpec | ForeignSpec;

/** How it watches, and at what cost. */
export interface OpenMonitorOptions {
  /** Complete: `resolveParams` has put values in place of each `auto`. */
  readonly params: Params;
  /** Share of one CPU that monitoring may use, above 0; 1 % by default. */
  readonly cpuCeiling?: number;
  /** The engine's: the same seed draws the same addresses. */
  readonly seed?: number;
  /**
   * The `record` of an open `ActingSession`, whose guard stops in the kernel what outlives this
   * process. The kernel monitor needs it, also to watch only (`watchesOnly`, `usesKernel`).
   */
  readonly record?: (step: LeverStep) => void;
}

/** A monitor that is yet to be started. */
export async function openMonitor(
  spec: MonitorSpec,
  options: OpenMonitorOptions,
): Promise<Monitor> {
  const { params, cpuCeiling, seed, record } = options;
  const common = { params, ...(cpuCeiling !== undefined && { cpuCeiling }) };
  if (spec.set === 'smaps' || spec.set === 'sim') {
    return new EngineMonitor({
      ...common,
      operations: spec,
      ...(seed !== undefined && { seed }),
    });
  }
  assert(record !== undefined, 'nothing runs in the kernel without a journal and a guard');
  if (spec.set === 'foreign') {
    const { ForeignMonitor } = await import('./foreign-monitor.ts');
    return new ForeignMonitor(spec, { ...(cpuCeiling !== undefined && { cpuCeiling }), record });
  }
  const { KernelMonitor } = await import('./kernel-monitor.ts');
  return new KernelMonitor(spec, { ...common, record });
}
