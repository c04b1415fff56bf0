/** API v1 and what else the service answers, as one function from requests to responses. */
import { OpenAPIHono, z } from '@hono/zod-openapi';
import { paramsJsonSchema } from '../../params/json-schema.ts';
import { cookieHeader, Gate } from '../access/gate.ts';
import type { PageSessions } from '../access/page-sessions.ts';
import type { Tokens } from '../access/tokens.ts';
import { Metrics } from '../metrics/metrics.ts';
import type { Service } from '../service.ts';
import { swapCostOf } from '../swap-cost.ts';
import { Trials } from '../trial/trials.ts';
import { codeSchema } from './answers.ts';
import { type ApiEnv, addEndpoint } from './endpoint.ts';
import { addHostEndpoints, type HostInfo } from './host-endpoints.ts';
import { addMonitorEndpoints } from './monitor-endpoints.ts';
import { Pages } from './pages.ts';
import { addPlanEndpoints } from './plan-endpoints.ts';
import { HttpProblem, problemOf, problemResponse } from './problem.ts';
import { signInSchema } from './schemas.ts';
import { eventsResponse } from './stream-responses.ts';
import { addTrialEndpoints } from './trial-endpoints.ts';

/** What the app is made of. */
export interface AppOptions extends HostInfo {
  readonly service: Service;
  readonly tokens: Tokens;
  readonly sessions: PageSessions;
  /** What `Host` may be over TCP. */
  readonly hosts: () => readonly string[];
  readonly nowMs: () => number;
  /** Holds the built dashboard; without one there are no pages. */
  readonly pagesFolder: string;
  /** Called with what is no fault of the caller's. */
  readonly logFault: (error: unknown) => void;
}

/** The whole application. */
export type App = OpenAPIHono<ApiEnv>;

/** Makes the application; it listens nowhere yet. */
export function createApp(options: AppOptions): App {
  const { service } = options;
  const app = new OpenAPIHono<ApiEnv>();
  const gate = new Gate(options);
  app.onError((error) => {
    const problem = problemOf(error);
    if (problem.status === 500) options.logFault(error);
    return problemResponse(problem);
  });
  addHostEndpoints(app, gate, options);
  addMonitorEndpoints(app, gate, service);
  addPlanEndpoints(app, gate, service);
  addTrialEndpoints(app, gate, service, new Trials(() => swapCostOf(options.host)));
  addEndpoint(app, gate, {
    method: 'get',
    path: '/events',
    scope: 'read',
    summary: 'What happens, as server-sent events; Last-Event-ID asks for those behind that one',
    answer: { description: 'Events until the reader leaves.', media: 'events' },
    handle: ({ request }) => {
      const afterId = Number(request.headers.get('last-event-id') ?? Number.NaN);
      const from = Number.isSafeInteger(afterId) ? afterId : service.events.lastId;
      return eventsResponse((signal) => service.events.read(from, signal));
    },
  });
  addSignIn(app, gate, options);
  addDocument(app, gate, options.version);
  addMetrics(app, gate, new Metrics(() => service.monitors(), options.host));
  const pages = new Pages(options.pagesFolder);
  app.notFound(({ req, env }) => {
    const page = pages.answer(req.raw, req.path, gate, env.transport);
    if (page !== null) return page;
    gate.check(req.raw, env.transport, 'read');
    const sentence = `There is nothing for ${req.method} at ${req.path.slice(0, 200)}; /api/v1/openapi.json lists what there is.`;
    throw new HttpProblem(404, 'TC_NOT_FOUND', sentence);
  });
  return app;
}

/** Not below `/api/v1`: Prometheus asks for it where all others have it. */
function addMetrics(app: App, gate: Gate, metrics: Metrics): void {
  app.get('/metrics', async ({ req, env }) => {
    gate.check(req.raw, env.transport, 'read');
    return new Response(await metrics.text(), { headers: { 'content-type': metrics.contentType } });
  });
}

/** How browsers get in. */
function addSignIn(app: App, gate: Gate, { sessions, hosts }: AppOptions): void {
  addEndpoint(app, gate, {
    method: 'post',
    path: '/session',
    scope: null,
    summary: 'Signs a page in with the one-time code of the link, for a cookie',
    body: signInSchema,
    answer: { description: 'The cookie is set.', status: 204 },
    handle: ({ body }) => {
      const cookie = sessions.redeem(body.code);
      if (cookie === null) {
        const sentence = 'The code is not in force any more; ask "thermocline link" for a new one.';
        return gate.refuse(new HttpProblem(401, 'TC_DENIED', sentence));
      }
      return new Response(null, { status: 204, headers: { 'set-cookie': cookieHeader(cookie) } });
    },
  });
  addEndpoint(app, gate, {
    method: 'post',
    path: '/session/codes',
    scope: 'act',
    summary: 'A one-time code for a page that may do what the act token may',
    answer: { description: 'The code, in force for ten minutes.', status: 201, schema: codeSchema },
    handle: () => ({
      code: sessions.newCode('act'),
      url: hosts()[0] ? `http://${hosts()[0]}` : null,
    }),
  });
}

function addDocument(app: App, gate: Gate, version: string): void {
  let document: object | null = null;
  addEndpoint(app, gate, {
    method: 'get',
    path: '/openapi.json',
    scope: 'read',
    summary: 'This description',
    answer: {
      description: 'An OpenAPI 3.1 document.',
      schema: z.record(z.string(), z.unknown()) as z.ZodType<object>,
    },
    handle: () => {
      document ??= openApiDocument(app, version);
      return document;
    },
  });
}

/** The OpenAPI document of all endpoints. */
export function openApiDocument(app: App, version: string): object {
  const { openAPIRegistry: registry } = app;
  const { $schema: _dialect, ...params } = paramsJsonSchema() as Record<string, unknown>;
  registry.registerComponent('schemas', 'Params', params);
  registry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  registry.registerComponent('securitySchemes', 'page', {
    type: 'apiKey',
    in: 'cookie',
    name: 'thermocline',
  });
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Thermocline',
      version,
      description: 'docs/service.md explains it; docs/security.md says who may do what.',
      license: { name: 'Apache-2.0' },
    },
  });
}
