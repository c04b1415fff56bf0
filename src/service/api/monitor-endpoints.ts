import type { OpenAPIHono } from '@hono/zod-openapi';
import { encodeFrame, FRAMES_MEDIA_TYPE, type SnapshotFrame } from '../../client/snapshot-frame.ts';
import type { Gate } from '../access/gate.ts';
import type { Service } from '../service.ts';
import {
  goalsSchema,
  monitorSchema,
  monitorsSchema,
  pictureSchema,
  picturesSchema,
  statsSchema,
} from './answers.ts';
import { type ApiEnv, addEndpoint, type Endpoint } from './endpoint.ts';
import { pictureJson } from './picture-json.ts';
import {
  changeSchema,
  commitSchema,
  feedbackSchema,
  monitorSpecSchema,
  type RangeQuery,
  rangeSchema,
} from './schemas.ts';
import { framesResponse } from './stream-responses.ts';

/** Adds everything below `/monitors`. */
export function addMonitorEndpoints(app: OpenAPIHono<ApiEnv>, gate: Gate, service: Service): void {
  const add: Add = (endpoint) => addEndpoint(app, gate, endpoint);
  addLifeEndpoints(add, service);
  addGoalEndpoints(add, service);
  addPictureEndpoints(add, service);
}

type Add = <Query, Body, Answer>(endpoint: Endpoint<Query, Body, Answer>) => void;

/** From creating to removing. */
function addLifeEndpoints(add: Add, service: Service): void {
  const viewed = { description: 'The monitor as it is now.', schema: monitorSchema };
  add({
    method: 'get',
    path: '/monitors',
    scope: 'read',
    summary: 'Lists the monitors by name',
    answer: { description: 'All monitors.', schema: monitorsSchema },
    handle: () => ({ monitors: service.monitors().map((monitor) => monitor.view()) }),
  });
  add({
    method: 'post',
    path: '/monitors',
    scope: 'act',
    summary: 'Creates a monitor and starts it',
    body: monitorSpecSchema,
    answer: { ...viewed, status: 201 },
    handle: async ({ body }) => (await service.create(body, 'api')).view(),
  });
  add({
    method: 'get',
    path: '/monitors/{name}',
    scope: 'read',
    summary: 'Reads a monitor',
    answer: viewed,
    handle: ({ name }) => service.monitor(name).view(),
  });
  add({
    method: 'put',
    path: '/monitors/{name}',
    scope: 'act',
    summary: 'Replaces all parameters; what was learnt is kept',
    body: commitSchema,
    answer: viewed,
    handle: async ({ name, body }) => (await service.commit(name, body.params)).view(),
  });
  add({
    method: 'patch',
    path: '/monitors/{name}',
    scope: 'act',
    summary: 'Changes the named parameters only',
    body: changeSchema,
    answer: viewed,
    handle: async ({ name, body }) => (await service.change(name, body.params)).view(),
  });
  add({
    method: 'delete',
    path: '/monitors/{name}',
    scope: 'act',
    summary: 'Stops a monitor and forgets it',
    answer: { description: 'It is gone.', status: 204 },
    handle: ({ name }) => service.remove(name),
  });
  for (const verb of ['pause', 'resume'] as const) {
    add({
      method: 'post',
      path: `/monitors/{name}/${verb}`,
      scope: 'act',
      summary: verb === 'pause' ? 'Pauses a monitor' : 'Lets a paused monitor go on',
      answer: viewed,
      handle: async ({ name }) => (await service[verb](name)).view(),
    });
  }
}

function addGoalEndpoints(add: Add, service: Service): void {
  add({
    method: 'get',
    path: '/monitors/{name}/goals',
    scope: 'read',
    summary: 'Lists the goals of all schemes',
    answer: { description: 'Targets and last values.', schema: goalsSchema },
    handle: async ({ name }) => ({ goals: await service.monitor(name).goals() }),
  });
  add({
    method: 'put',
    path: '/monitors/{name}/goals',
    scope: 'act',
    summary: 'Feeds a measurement to a goal whose metric is user_input',
    body: feedbackSchema,
    answer: { description: 'All goals.', schema: goalsSchema },
    handle: async ({ name, body }) => ({ goals: await service.feedGoal(name, body) }),
  });
}

function addPictureEndpoints(add: Add, service: Service): void {
  add({
    method: 'get',
    path: '/monitors/{name}/snapshot',
    scope: 'read',
    summary: 'The picture at this moment',
    answer: { description: 'One picture.', schema: pictureSchema, media: 'json-or-frames' },
    handle: async ({ name, request }) => {
      const frame = await service.monitor(name).snapshot();
      return wantsFrames(request) ? framesAnswer([frame]) : pictureJson(frame);
    },
  });
  add({
    method: 'get',
    path: '/monitors/{name}/history',
    scope: 'read',
    summary: 'Pictures of the past, also of before a restart, evenly over the range',
    query: rangeSchema,
    answer: { description: 'Oldest first.', schema: picturesSchema, media: 'json-or-frames' },
    handle: async ({ name, query, request }) => {
      const frames = await service.monitor(name).history(rangeOf(query));
      return wantsFrames(request) ? framesAnswer(frames) : { snapshots: frames.map(pictureJson) };
    },
  });
  add({
    method: 'get',
    path: '/monitors/{name}/stats',
    scope: 'read',
    summary: "Figures, cost and schemes' counters, now and over time",
    query: rangeSchema,
    answer: { description: 'Figures.', schema: statsSchema },
    handle: ({ name, query }) => service.monitor(name).statsAnswer(rangeOf(query)),
  });
  add({
    method: 'get',
    path: '/monitors/{name}/stream',
    scope: 'read',
    summary: 'A picture at the end of each aggregation interval; a slow reader misses some',
    answer: { description: 'Frames until the monitor ends.', media: 'frames' },
    handle: ({ name }) => {
      const monitor = service.monitor(name);
      return framesResponse((signal) => monitor.frames(signal));
    },
  });
}

function rangeOf({ from = 0, to = Number.MAX_SAFE_INTEGER, limit }: RangeQuery) {
  return { fromUs: from, toUs: to, limit };
}

function wantsFrames({ headers }: Request): boolean {
  return (headers.get('accept') ?? '').includes(FRAMES_MEDIA_TYPE);
}

function framesAnswer(frames: readonly SnapshotFrame[]): Response {
  const body = Buffer.concat(frames.map(encodeFrame));
  return new Response(body, {
    headers: { 'content-type': FRAMES_MEDIA_TYPE, 'cache-control': 'no-store' },
  });
}
