import { expect, test } from 'vitest';
import { HOST, VirtualService } from '../../../test/service/virtual-service.ts';
import { ThermoclineError } from '../../base/errors.ts';
import type { MonitorSpec, Problem } from '../../client/api-types.ts';

const MIB = 2 ** 20;
const spec: MonitorSpec = { name: 'app', watch: { kind: 'simulation', scenario: 'demo' } };

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ThermoclineError) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error('it was not refused');
}

test('creates, lists, reads, pauses, resumes and removes monitors', async () => {
  await using virtual = new VirtualService();
  const client = virtual.client();
  const created = await client.create(spec);
  expect(created).toMatchObject({ name: 'app', origin: 'api', state: 'running', kind: 'engine' });
  expect(await client.monitors()).toEqual([created]);
  expect(await client.monitor('app')).toEqual(created);
  expect((await client.pause('app')).state).toBe('paused');
  expect((await client.resume('app')).state).toBe('running');
  await client.remove('app');
  expect(await client.monitors()).toEqual([]);
  expect(await refusal(client.monitor('app'))).toMatch(/^TC_NOT_FOUND There is no monitor "app"/);
});

test('a name can be taken once', async () => {
  await using virtual = new VirtualService();
  await virtual.client().create(spec);
  expect(await refusal(virtual.client().create(spec))).toMatch(/^TC_BUSY There is a monitor "app"/);
});

test('shows the hot memory, now and in the past, as frames and as JSON', async () => {
  await using virtual = new VirtualService();
  const client = virtual.client();
  await client.create(spec);
  await virtual.advance('app', 4_000_000);
  const { snapshot, spanUs } = await client.snapshot('app');
  expect(spanUs).toBe(100_000);
  const stats = await client.stats('app');
  expect(stats.now.workingSetBytes / (16 * MIB)).toBeCloseTo(1, 1);
  expect(stats.now.watchedBytes / (64 * MIB)).toBeCloseTo(1, 1);
  expect(stats.history.map(({ timeUs }) => timeUs)).toEqual([
    100_000, 1_100_000, 2_100_000, 3_100_000,
  ]);
  const history = await client.history('app', { fromUs: 1_000_000, toUs: 2_000_000 });
  expect(history.map((one) => one.snapshot.timeUs)).toEqual(
    Array.from({ length: 11 }, (_, index) => 1_000_000 + index * 100_000),
  );
  const json = await virtual.fetch('/api/v1/monitors/app/snapshot', {
    headers: { authorization: `Bearer ${virtual.token('read')}` },
  });
  expect(await json.json()).toMatchObject({
    timeUs: snapshot.timeUs,
    spanUs,
    regions: expect.arrayContaining([expect.objectContaining({ start: snapshot.start[0] })]),
  });
});

test('a history is thinned evenly, and never without its newest picture', async () => {
  await using virtual = new VirtualService();
  await virtual.client().create(spec);
  await virtual.advance('app', 2_000_000);
  const frames = await virtual.client().history('app', { limit: 4 });
  expect(frames.map(({ snapshot }) => snapshot.timeUs)).toEqual([5e5, 1e6, 1.5e6, 2e6]);
  expect(await virtual.client().history('app', { limit: 0 })).toEqual([]);
});

test('PATCH changes only the named fields, PUT all of them', async () => {
  await using virtual = new VirtualService();
  const client = virtual.client();
  const params = {
    attrs: { maxNrRegions: 200 },
    schemes: [{ action: 'stat' }, { action: 'pageout', quota: { sizeBytes: '1 MiB' } }],
  };
  const { params: before } = await client.create({ ...spec, params });
  const { params: after } = await client.change('app', {
    schemes: { 1: { quota: { timeMs: 7 } } },
  });
  const expected = JSON.parse(JSON.stringify(before));
  expected.schemes[1].quota.timeMs = 7;
  expect(after).toEqual(expected);
  expect(
    virtual.monitors.get('app')!.simulation.driver.kdamond.params.schemes[1]!.quota,
  ).toMatchObject({ timeMs: 7, sizeBytes: MIB });
  const { params: replaced } = await client.commit('app', {});
  expect(replaced.schemes).toEqual([]);
  expect(replaced.attrs.maxNrRegions).toBe(1000);
});

test('a refused commit changes nothing and names the field', async () => {
  await using virtual = new VirtualService();
  const client = virtual.client();
  const { params } = await client.create(spec);
  expect(await refusal(client.change('app', { attrs: { maxNrRegion: 5 } }))).toMatch(
    /^TC_INVALID params: attrs .*maxNrRegion/,
  );
  expect(await refusal(client.commit('app', { attrs: { sampleIntervalUs: 'soon' } }))).toMatch(
    /^TC_INVALID params: attrs.sampleIntervalUs is "soon"/,
  );
  expect((await client.monitor('app')).params).toEqual(params);
});

test('feeds goals', async () => {
  await using virtual = new VirtualService();
  const client = virtual.client();
  const goals = [{ metric: 'user_input', targetValue: 10 }];
  await client.create({ ...spec, params: { schemes: [{ action: 'stat', quota: { goals } }] } });
  const goal = { schemeIndex: 0, goalIndex: 0, metric: 'user_input', targetValue: 10 };
  await client.feedGoal('app', { schemeIndex: 0, goalIndex: 0, value: 4 });
  await virtual.advance('app', 3_000_000);
  expect(await client.goals('app')).toEqual([{ ...goal, currentValue: 4 }]);
  expect(await refusal(client.feedGoal('app', { schemeIndex: 3, goalIndex: 0, value: 4 }))).toMatch(
    /^TC_INVALID/,
  );
});

test('streams a picture for each window, and ends with the monitor', async () => {
  await using virtual = new VirtualService();
  const client = virtual.client();
  await client.create(spec);
  const times: number[] = [];
  const reading = (async () => {
    for await (const { snapshot } of client.stream('app')) times.push(snapshot.timeUs);
  })();
  await virtual.advance('app', 0);
  await virtual.advance('app', 500_000);
  await client.remove('app');
  await reading;
  expect(times).toEqual([1e5, 2e5, 3e5, 4e5, 5e5]);
});

test('a reader that is slow misses pictures and holds none', async () => {
  await using virtual = new VirtualService();
  const client = virtual.client();
  await client.create(spec);
  const frames = client.stream('app');
  const first = frames.next();
  await virtual.advance('app', 0);
  await virtual.advance('app', 100_000);
  expect((await first).value!.snapshot.timeUs).toBe(1e5);
  await virtual.advance('app', 3_000_000);
  const late = await frames.next();
  expect(late.value!.snapshot.timeUs).toBeGreaterThan(3e6 - 2e5);
  await frames.return(undefined);
});

test('events tell what happened, from where a reader left off', async () => {
  await using virtual = new VirtualService();
  const client = virtual.client();
  await client.create(spec);
  await client.pause('app');
  await client.remove('app');
  const over = new AbortController();
  const seen: string[] = [];
  for await (const event of client.events({ afterId: 0, signal: over.signal })) {
    seen.push(`${event.id} ${event.type} ${event.monitor}`);
    if (event.type === 'removed') break;
  }
  expect(seen).toEqual(['1 created app', '2 paused app', '3 ended app', '4 removed app']);
});

test('asks for a scope: the read token changes nothing', async () => {
  await using virtual = new VirtualService();
  await virtual.client().create(spec);
  const ask = async (method: string, path: string, token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await virtual.fetch(`/api/v1${path}`, { method, headers });
    const problem = (await response.json()) as Problem;
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    return `${response.status} ${problem.detail}`;
  };
  expect(await ask('GET', '/monitors')).toMatch(/^401 This needs a token/);
  expect(await ask('GET', '/monitors', 'x'.repeat(43))).toMatch(/^401 The token is not one/);
  expect(await ask('DELETE', '/monitors/app', virtual.token('read'))).toMatch(
    /^403 The read token/,
  );
  expect(await ask('POST', '/monitors/app/pause', virtual.token('read'))).toMatch(/^403/);
  expect(await ask('GET', '/nothing', virtual.token('read'))).toMatch(
    /^404 There is nothing for GET/,
  );
  expect(virtual.service.monitor('app').state).toBe('running');
});

test('takes no other name, no other site and no page without its cookie', async () => {
  await using virtual = new VirtualService();
  const token = { authorization: `Bearer ${virtual.token('act')}` };
  const ask = async (headers: Record<string, string>) =>
    (await virtual.fetch('/api/v1/monitors', { headers })).status;
  expect(await ask(token)).toBe(200);
  expect(await ask({ ...token, host: 'evil.example:8472' })).toBe(403);
  expect(await ask({ ...token, host: '127.0.0.1:1' })).toBe(403);
  expect(await ask({ ...token, origin: 'http://evil.example' })).toBe(403);
  expect(await ask({ ...token, origin: 'null' })).toBe(403);
  expect(await ask({ ...token, 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await ask({ ...token, 'sec-fetch-site': 'same-site' })).toBe(403);
  expect(await ask({ ...token, origin: `http://${HOST}`, 'sec-fetch-site': 'same-origin' })).toBe(
    200,
  );
});

test('a code signs one page in, once, and its changes have to name their origin', async () => {
  await using virtual = new VirtualService();
  const code = virtual.sessions.newCode('act');
  const signIn = () =>
    virtual.fetch('/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    });
  const first = await signIn();
  const header = first.headers.get('set-cookie')!;
  expect(header).toMatch(
    /^thermocline=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
  );
  expect((await signIn()).status).toBe(401);
  const cookie = header.split(';')[0]!;
  const create = (headers: Record<string, string>) =>
    virtual.fetch('/api/v1/monitors', {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(spec),
    });
  expect((await virtual.fetch('/api/v1/monitors', { headers: { cookie } })).status).toBe(200);
  expect((await create({})).status).toBe(403);
  expect((await create({ origin: `http://${HOST}` })).status).toBe(201);
  virtual.nowMs += 13 * 3600 * 1000;
  expect((await virtual.fetch('/api/v1/monitors', { headers: { cookie } })).status).toBe(401);
});

test('whoever guesses is slowed down, whoever has a token is not', async () => {
  await using virtual = new VirtualService();
  const statuses = new Set<number>();
  for (let guess = 0; guess < 200; guess++) {
    statuses.add((await virtual.fetch('/api/v1/monitors')).status);
  }
  expect([...statuses]).toEqual([401, 429]);
  expect(await virtual.client().monitors()).toEqual([]);
});

test('the owner of the socket needs no token, but a wrong one is refused', async () => {
  await using virtual = new VirtualService();
  const ask = async (headers: Record<string, string>) => {
    const request = new Request('http://service/api/v1/monitors', { headers });
    return (await virtual.app.fetch(request, { transport: 'unix' })).status;
  };
  expect(await ask({})).toBe(200);
  expect(await ask({ authorization: 'Bearer wrong' })).toBe(401);
  expect(await ask({ origin: 'http://evil.example' })).toBe(403);
});

test.each([
  ['no JSON', '{', 400, 'The request is no JSON'],
  ['a list', '[]', 400, "The request can't be taken"],
  [
    'an unknown field',
    '{"name":"a","watch":{"kind":"simulation","scenario":"demo"},"exec":"rm"}',
    400,
    'exec',
  ],
  [
    'a name with a path',
    '{"name":"../a","watch":{"kind":"simulation","scenario":"demo"}}',
    400,
    'name has to be up to 63 letters',
  ],
  [
    'a scenario with a path',
    '{"name":"a","watch":{"kind":"simulation","scenario":"/etc/passwd"}}',
    400,
    'scenario has to be up to 63 letters',
  ],
  ['deep nesting', `{"name":${'['.repeat(60_000)}`, 400, 'nested too deeply'],
  ['too much', `"${'x'.repeat(2 ** 20)}"`, 413, 'larger than 1 MiB'],
])('refuses a body with %s', async (_what, body, status, sentence) => {
  await using virtual = new VirtualService();
  const response = await virtual.fetch('/api/v1/monitors', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${virtual.token('act')}`,
    },
    body,
  });
  expect(response.status).toBe(status);
  expect(((await response.json()) as Problem).detail).toContain(sentence);
  expect(virtual.service.monitors()).toEqual([]);
  expect(virtual.faults).toEqual([]);
});
