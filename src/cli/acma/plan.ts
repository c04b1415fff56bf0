/** `acma plan`: how a cgroup stands and what a run may write to. Changes nothing. */
import type { Command } from 'commander';
import { formatBytes, formatShare } from '../../base/units.ts';
import { CgroupActuator } from '../../control/acma/cgroup-actuator.ts';
import { nrFreeBlocks } from '../../host/linux/free-blocks.ts';
import { headroomBytes } from '../../policies/acma/step.ts';
import { rootsOf } from '../roots.ts';
import { acmaKnobs } from './knobs.ts';
import type { LiveOptions } from './run.ts';

/** The whole output. */
export function printPlan(options: LiveOptions, command: Command): string {
  const roots = rootsOf(command);
  const knobs = acmaKnobs(options);
  const { cgroup: path, stateless } = options;
  const actuator = new CgroupActuator({ roots, path, knobs, holds: stateless !== true });
  const { totalBytes, sizeBytes, freeBytes, coldBytes } = actuator.observe();
  const plan = {
    name: actuator.name,
    ...knobs,
    totalBytes,
    headroomBytes: headroomBytes(knobs),
    usedBytes: sizeBytes - freeBytes,
    coldBytes,
    nrFreeBlocks: nrFreeBlocks(roots),
    writes: actuator.steps.map(({ text, undo }) => ({ text, undo })),
    verdict: actuator.verdict(),
  };
  if (options.json) return `${JSON.stringify(plan, null, 2)}\n`;
  const lines = [
    `${plan.name}: ${formatBytes(plan.usedBytes)} in use, ${formatBytes(coldBytes)} of it cold`,
    `its size would stay from ${formatBytes(knobs.minBytes)} to ${formatBytes(totalBytes)}, ` +
      `${formatBytes(plan.headroomBytes)} above what it uses, while less than ${formatShare(knobs.pressureShare)} of time is lost`,
    'would write, again and again:',
    ...plan.writes.map(({ text, undo }) =>
      undo !== null && 'content' in undo
        ? `  ${text} (afterwards ${undo.content.trim()} again)`
        : `  ${text}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}
