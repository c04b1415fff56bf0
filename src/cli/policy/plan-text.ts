/** A plan as what would be written or called, in the form that is asked for. */

import { ThermoclineError } from '../../base/errors.ts';
import type { Features } from '../../kernel/features.ts';
import { describeWrites, stage } from '../../kernel/staging.ts';
import { fitToKernel } from '../../monitor/kernel-plan.ts';
import { formatDamo } from '../../params/damo/text.ts';
import { describeScheme } from '../../params/format.ts';
import { moduleParameters } from '../../policies/module-parameters.ts';
import type { ModuleTwin, PolicyFacts, PolicyPlan } from '../../policies/policy.ts';

/** `sysfs`: writes to the kernel's files; `damo`: its JSON; `module`: a kernel module's parameters. */
export type PlanForm = 'sysfs' | 'damo' | 'module';

export const PLAN_FORMS: readonly PlanForm[] = ['sysfs', 'damo', 'module'];

/** Written to a kdamond that runs, these files take the place of what its owner has set. */
const SLOT_COMMENT = '# In a slot that nobody uses; here that is 0.\n';

/** The text, and what the form can't carry, as sentences. */
export interface PlanText {
  readonly text: string;
  readonly notes: readonly string[];
}

/** Throws TC_UNSUPPORTED for a form that can't say it. */
export function planText(
  form: PlanForm,
  plan: PolicyPlan,
  twin: ModuleTwin | null,
  features: () => Features,
): PlanText {
  switch (form) {
    case 'sysfs': {
      const known = features();
      const { params, notes } = fitToKernel(plan.params, known);
      const text = describeWrites(stage(params, known, 0));
      return { text: `${SLOT_COMMENT}cd /sys/kernel/mm/damon/admin\n${text}`, notes };
    }
    case 'damo':
      return formatDamo([plan.params], 'json');
    case 'module': {
      if (twin === null) throw noTwin();
      const { name, values, notes } = moduleParameters(twin.name, plan.params);
      const lines = values.map(([file, value]) => `echo ${value} > ${file}\n`).join('');
      return { text: `cd /sys/module/${name}/parameters\n${lines}`, notes };
    }
  }
}

/** The calls that the engine makes where it acts by itself, as sentences. */
export function plannedCalls({ params }: PolicyPlan, { subject }: PolicyFacts): string[] {
  const on =
    subject.kind === 'cgroup'
      ? (bytes: string) => `echo ${bytes} > ${subject.path}/memory.reclaim`
      : (range: string) => `process_madvise(${range}, MADV_PAGEOUT)`;
  return params.schemes.map((scheme) => {
    const call = subject.kind === 'cgroup' ? on('BYTES') : on('each mapping that matches');
    return `${call}: ${describeScheme(scheme, params.attrs)}`;
  });
}

function noTwin(): ThermoclineError {
  return new ThermoclineError(
    'TC_UNSUPPORTED',
    'No kernel module does the same; write --as sysfs or --as damo.',
  );
}
