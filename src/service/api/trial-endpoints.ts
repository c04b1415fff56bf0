import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Gate } from '../access/gate.ts';
import type { Service } from '../service.ts';
import type { Trials } from '../trial/trials.ts';
import { type ApiEnv, addEndpoint } from './endpoint.ts';
import { changeSchema } from './schemas.ts';
import { shadowSchema, whatIfBodySchema, whatIfSchema } from './trial-schemas.ts';

/** Adds what tries schemes without acting: on what was seen, and on what is going to be seen. */
export function addTrialEndpoints(
  app: OpenAPIHono<ApiEnv>,
  gate: Gate,
  service: Service,
  trials: Trials,
): void {
  const path = '/monitors/{name}/shadow';
  addEndpoint(app, gate, {
    method: 'post',
    path: '/monitors/{name}/what-if',
    scope: 'act',
    summary: 'What schemes would have done to what the monitor has seen; touches nothing',
    body: whatIfBodySchema,
    answer: { description: 'What would have come of it.', schema: whatIfSchema },
    handle: ({ name, body, request }) => trials.whatIf(service.monitor(name), body, request.signal),
  });
  addEndpoint(app, gate, {
    method: 'put',
    path,
    scope: 'act',
    summary: 'Begins a shadow: counts what schemes would take from now on; touches nothing',
    body: changeSchema,
    answer: { description: 'The shadow, at its beginning.', schema: shadowSchema },
    handle: ({ name, body }) => trials.beginShadow(service.monitor(name), body.params),
  });
  addEndpoint(app, gate, {
    method: 'get',
    path,
    scope: 'read',
    summary: 'What the shadow would have taken so far, and what of it would have come back',
    answer: { description: 'The shadow as it stands.', schema: shadowSchema },
    handle: ({ name }) => trials.shadow(service.monitor(name)),
  });
  addEndpoint(app, gate, {
    method: 'delete',
    path,
    scope: 'act',
    summary: 'Ends the shadow',
    answer: { description: 'It is gone.', status: 204 },
    handle: ({ name }) => trials.endShadow(service.monitor(name)),
  });
}
