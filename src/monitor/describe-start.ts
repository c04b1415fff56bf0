import { currentBootId } from '../host/linux/process-identity.ts';
import { type FeatureName, readFeatures } from '../kernel/features.ts';
import { heldAtStart, withHeldBack } from '../kernel/first-window.ts';
import { refuseWhileModulesRun } from '../kernel/modules.ts';
import { RealSysfsReader } from '../kernel/real-sysfs.ts';
import { SlotRecords } from '../kernel/slot-records.ts';
import { describeWrites, stage, stageCommit } from '../kernel/staging.ts';
import type { SysfsReader } from '../kernel/sysfs-files.ts';
import type { Params } from '../params/types.ts';
import type { KernelSpec } from './kernel-monitor.ts';
import { planKernel } from './kernel-plan.ts';

/**
 * The writes of a start as a shell would make them, by plain reads only. What no file shows is
 * taken to be there.
 * @throws ThermoclineError as a start does for what this kernel is known to lack
 */
export function describeKernelStart(
  spec: KernelSpec,
  params: Params,
  files: SysfsReader = new RealSysfsReader(spec.roots.sys),
): string {
  const features = new SlotRecords(spec.stateDir).features(currentBootId()) ?? readFeatures(files);
  refuseWhileModulesRun(files, spec.handOverStat ? 'damon_stat' : undefined);
  const plan = planKernel(params, features, spec.pageFilters);
  const held = withHeldBack(plan.params, heldAtStart(plan.params.schemes, features));
  const start = describeWrites(stage(held, features, 0));
  const release = describeWrites(stageCommit(held, plan.params, features, 0));
  const unknown = [...features.values()].filter(({ present }) => present === null);
  const comments = [
    'In /sys/kernel/mm/damon/admin, in the first slot that is free; here that is 0.',
    ...(spec.handOverStat ? ['Before: echo N > /sys/module/damon_stat/parameters/enabled'] : []),
    ...plan.notes,
    ...(unknown.length > 0 ? [unknownNote(unknown.map(({ name }) => name))] : []),
  ];
  return [
    ...comments.map((text) => `# ${text}\n`),
    start,
    ...(release === '' ? [] : ['# Once their limits are in force (effective_bytes):\n', release]),
  ].join('');
}

function unknownNote(names: readonly FeatureName[]): string {
  return (
    `Nothing shows yet whether this kernel has ${names.length} of the features, ${names[0]} for ` +
    'one; a start finds out, and leaves out or refuses what is missing.'
  );
}
