import type { OpenAPIHono } from '@hono/zod-openapi';
import { ThermoclineError } from '../../base/errors.ts';
import type { MonitorSpec, PlanView } from '../../client/api-types.ts';
import type { Gate } from '../access/gate.ts';
import { newSecret } from '../access/tokens.ts';
import { desiredMonitors } from '../desired-state.ts';
import type { Service } from '../service.ts';
import { planSchema } from './answers.ts';
import { type ApiEnv, addEndpoint } from './endpoint.ts';
import { configSchema } from './schemas.ts';

/** Plans that nobody applied are forgotten, the oldest first. */
const MAX_PLANS = 16;

/** Adds everything below `/plans`. */
export function addPlanEndpoints(app: OpenAPIHono<ApiEnv>, gate: Gate, service: Service): void {
  const plans = new Map<string, { readonly plan: PlanView; readonly desired: MonitorSpec[] }>();
  addEndpoint(app, gate, {
    method: 'post',
    path: '/plans',
    scope: 'act',
    summary: 'What it would take to have the monitors of a configuration; changes nothing',
    body: configSchema,
    answer: { description: 'A plan that can be applied.', status: 201, schema: planSchema },
    handle: ({ body }) => {
      const desired = desiredMonitors(body, 'The configuration');
      const plan = { id: `p${newSecret().slice(0, 16)}`, changes: service.plan(desired) };
      if (plans.size >= MAX_PLANS) plans.delete(plans.keys().next().value!);
      plans.set(plan.id, { plan, desired });
      return plan;
    },
  });
  addEndpoint(app, gate, {
    method: 'post',
    path: '/plans/{name}/apply',
    scope: 'act',
    summary: 'Does what a plan says, unless the monitors have changed since',
    answer: { description: 'What was done.', schema: planSchema },
    handle: async ({ name: id }) => {
      const found = plans.get(id);
      if (found === undefined) {
        throw new ThermoclineError('TC_NOT_FOUND', `There is no plan "${id}"; make a new one.`);
      }
      plans.delete(id);
      await service.reconcile(found.desired, found.plan.changes);
      return found.plan;
    },
  });
}
