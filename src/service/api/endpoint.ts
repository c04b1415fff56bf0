/** One row of the API: what it takes, who may ask, what it gives. */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { ThermoclineError } from '../../base/errors.ts';
import { exactJson } from '../../base/exact-json.ts';
import { FRAMES_MEDIA_TYPE } from '../../client/snapshot-frame.ts';
import type { Gate, Transport } from '../access/gate.ts';
import type { Scope } from '../access/tokens.ts';
import { readBody } from './request-body.ts';
import { nameSchema } from './schemas.ts';

/** What a transport adds to each request. */
export interface ApiEnv {
  Bindings: { readonly transport: Transport };
}

/** What a handler gets, checked. */
export interface Input<Query, Body> {
  /** Of the monitor, where the path has one; else empty. */
  readonly name: string;
  readonly query: Query;
  readonly body: Body;
  readonly request: Request;
}

/** Media types of answers; the first is that of `answer.schema`. */
const MEDIA_TYPES: Readonly<Record<Media, readonly string[]>> = {
  json: ['application/json'],
  frames: [FRAMES_MEDIA_TYPE],
  'json-or-frames': ['application/json', FRAMES_MEDIA_TYPE],
  events: ['text/event-stream'],
};
type Media = 'json' | 'frames' | 'json-or-frames' | 'events';

/** One method of one path below `/api/v1`. */
export interface Endpoint<Query, Body, Answer> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** `/monitors/{name}` */
  readonly path: string;
  /** Null: the handler itself finds out who asks. */
  readonly scope: Scope | null;
  readonly summary: string;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly answer: {
    readonly description: string;
    readonly status?: 201 | 204;
    readonly schema?: z.ZodType<Answer>;
    readonly media?: Media;
  };
  handle(input: Input<Query, Body>): Promise<Answer | Response> | Answer | Response;
}

const PROBLEM = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().openapi({ description: 'One sentence with the way out.' }),
    code: z.string().openapi({ description: 'Stable: docs/errors.md explains each.' }),
  })
  .openapi('Problem');

/** Adds an endpoint to the router and to the OpenAPI document. */
export function addEndpoint<Query, Body, Answer>(
  app: OpenAPIHono<ApiEnv>,
  gate: Gate,
  endpoint: Endpoint<Query, Body, Answer>,
): void {
  app.openAPIRegistry.registerPath(described(endpoint));
  const path = `/api/v1${endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
  app.on(endpoint.method.toUpperCase(), path, async (context) => {
    const request = context.req.raw;
    gate.check(request, context.env.transport, endpoint.scope);
    const answer = await endpoint.handle({
      name: nameOf(context),
      query: checked(endpoint.query, context.req.query(), 'The query') as Query,
      body: checked(endpoint.body, await bodyOf(endpoint, request), 'The request') as Body,
      request,
    });
    if (answer instanceof Response) return answer;
    const { status = 200 } = endpoint.answer;
    if (status === 204) return context.body(null, 204);
    return context.body(exactJson(answer), status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
    });
  });
}

function nameOf(context: Context): string {
  const name = context.req.param('name');
  return name === undefined ? '' : (checked(nameSchema, name, 'The name') as string);
}

async function bodyOf(
  { body }: Endpoint<never, never, never> | { body?: unknown },
  request: Request,
): Promise<unknown> {
  return body === undefined ? undefined : await readBody(request);
}

/** Throws TC_INVALID with one sentence that names the field. */
function checked(schema: z.ZodType | undefined, value: unknown, what: string): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const where = issue.path.map(String).join('.');
  const subject = where === '' ? what : `${what}'s ${where}`;
  const detail = issue.message.replace(/\.$/, '');
  throw new ThermoclineError(
    'TC_INVALID',
    /^(Invalid|Too|Unrecognized)/.test(detail)
      ? `${subject} can't be taken: ${detail.charAt(0).toLowerCase()}${detail.slice(1)}.`
      : `${subject} has to be ${detail}.`,
  );
}

function described<Q, B, A>(endpoint: Endpoint<Q, B, A>): RouteConfig {
  const { method, path, scope, summary, query, body, answer } = endpoint;
  const media = answer.schema || answer.media ? MEDIA_TYPES[answer.media ?? 'json'] : [];
  const schema = (type: string) =>
    type === 'application/json' && answer.schema
      ? answer.schema
      : z.string().openapi({ format: 'binary' });
  const content = Object.fromEntries(media.map((type) => [type, { schema: schema(type) }]));
  return {
    method,
    path: `/api/v1${path}`,
    summary,
    description: scope === null ? '' : `Needs the ${scope} scope.`,
    security: scope === null ? [] : [{ token: [] }, { page: [] }],
    request: {
      ...(path.includes('{name}') && { params: z.object({ name: nameSchema }) }),
      ...(query && { query: query as unknown as z.ZodObject }),
      ...(body && { body: { required: true, content: { 'application/json': { schema: body } } } }),
    },
    responses: {
      [answer.status ?? 200]: {
        description: answer.description,
        ...(media.length > 0 && { content }),
      },
      default: {
        description: 'It was refused, or did not work; the document says why.',
        content: { 'application/problem+json': { schema: PROBLEM } },
      },
    },
  };
}
