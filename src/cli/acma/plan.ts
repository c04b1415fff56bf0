/** `acma plan`: how it stands and what a run may write to. Changes nothing. */
import type { Command } from 'commander';
import { formatBytes, formatShare } from '../../base/units.ts';
import type { AcmaActuator } from '../../control/acma/actuator.ts';
import type { LeverStep } from '../../host/host.ts';
import type { AcmaKnobs } from '../../policies/acma/observation.ts';
import { headroomBytes } from '../../policies/acma/step.ts';
import { rootsOf } from '../roots.ts';
import { acmaKnobs } from './knobs.ts';
import type { LiveOptions } from './run.ts';
import { subjectOf } from './subject.ts';

type Plan = Awaited<ReturnType<typeof planOf>>;

/** The whole output: in JSON an object, or a list of them where several guests are named. */
export async function printPlan(options: LiveOptions, command: Command): Promise<string> {
  const roots = rootsOf(command);
  const knobs = acmaKnobs(options);
  await using actuators = await subjectOf(options, roots).open(knobs, null);
  const plans: Plan[] = [];
  for (const actuator of actuators.all) plans.push(await planOf(actuator, knobs));
  const [only, second] = plans;
  if (options.json) return `${JSON.stringify(second === undefined ? only : plans, null, 2)}\n`;
  return plans.map(described).join('');
}

async function planOf(actuator: AcmaActuator, knobs: AcmaKnobs) {
  const { totalBytes, sizeBytes, freeBytes, coldBytes } = await actuator.observe();
  return {
    name: actuator.name,
    ...knobs,
    pressureFrom: actuator.pressureFrom,
    totalBytes,
    sizeBytes,
    headroomBytes: headroomBytes(knobs),
    usedBytes: sizeBytes - freeBytes,
    coldBytes,
    nrFreeBlocks: actuator.nrFreeBlocks(),
    writes: actuator.steps.map(({ text, undo }) => ({ text, undo })),
    verdict: actuator.verdict(),
  };
}

function described(plan: Plan): string {
  const most = Math.min(plan.maxBytes, plan.totalBytes);
  const lines = [
    `${plan.name}: ${formatBytes(plan.usedBytes)} in use, ${formatBytes(plan.coldBytes)} of it cold`,
    `its size would stay from ${formatBytes(plan.minBytes)} to ${formatBytes(most)}, ` +
      `${formatBytes(plan.headroomBytes)} above what it uses, while less than ${formatShare(plan.pressureShare)} of time is lost`,
    `pressure comes from ${plan.pressureFrom}`,
    'would write, again and again:',
    ...plan.writes.map((step) => `  ${step.text}${afterwards(step)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function afterwards({ text, undo }: LeverStep): string {
  if (undo !== null && 'content' in undo) return ` (afterwards ${undo.content.trim()} again)`;
  if (undo !== null && 'balloonBytes' in undo) {
    const before = text.startsWith('balloon') ? undo.balloonBytes : undo.pollingSeconds;
    return ` (afterwards ${before} again)`;
  }
  if (undo !== null && 'requestedBytes' in undo)
    return ` (afterwards ${undo.requestedBytes} again)`;
  return '';
}
