import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { VirtualService } from '../../../test/service/virtual-service.ts';
import { resolveRoots } from '../../host/linux/roots.ts';
import { listenOnLoopback } from '../listen.ts';

const PROMTOOL = ['/usr/bin/promtool', '/usr/local/bin/promtool'].find((file) => existsSync(file));
const PROMETHEUS = PROMTOOL?.replace(/promtool$/, 'prometheus');
const MIB = 2 ** 20;

/** 16 MiB are always hot, and 48 MiB never. */
const SWAPPING = `
nodes: [{ sizeBytes: 256 MiB }]
swap: { sizeBytes: 256 MiB }
processes:
  - name: app
    vmas: [{ name: hot, sizeBytes: 16 MiB }, { name: cold, sizeBytes: 48 MiB }]
    accesses: [{ vma: hot, pattern: uniform, ratePerSecond: 1000 }]
`;

async function scraped(virtual: VirtualService): Promise<string> {
  const authorization = `Bearer ${virtual.token('read')}`;
  const response = await virtual.fetch('/metrics', { headers: { authorization } });
  expect(response.status).toBe(200);
  return await response.text();
}

function sampleOf(text: string, series: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

async function watched(virtual: VirtualService, params: object = {}): Promise<void> {
  await virtual.client().create({
    name: 'app',
    watch: { kind: 'simulation', scenario: 'demo' },
    params,
  });
  await virtual.advance('app', 5_200_000);
}

test('has the working set, the heat and the idle time of a monitor', async () => {
  await using virtual = new VirtualService();
  await watched(virtual);
  const text = await scraped(virtual);
  const at = '{monitor="app",cgroup=""}';
  expect(sampleOf(text, `thermocline_working_set_bytes${at}`) / (16 * MIB)).toBeCloseTo(1, 1);
  const heat = (which: string) =>
    sampleOf(text, `thermocline_memory_bytes{monitor="app",cgroup="",heat="${which}"}`);
  expect(heat('hot') / (16 * MIB)).toBeCloseTo(1, 1);
  const watchedBytes = sampleOf(text, `thermocline_watched_bytes${at}`);
  expect(heat('hot') + heat('warm') + heat('cold')).toBe(watchedBytes);
  const bucket = (le: string) =>
    sampleOf(text, `thermocline_idle_seconds_bucket{monitor="app",cgroup="",le="${le}"}`);
  expect(bucket('0') / (16 * MIB)).toBeCloseTo(1, 1);
  expect(bucket('+Inf')).toBe(watchedBytes);
  expect(sampleOf(text, `thermocline_idle_seconds_count${at}`)).toBe(watchedBytes);
  expect(sampleOf(text, `thermocline_sampling_interval_seconds${at}`)).toBe(0.005);
});

test('has what schemes did, and their goals', async () => {
  await using virtual = new VirtualService();
  const goals = [{ metric: 'user_input', targetValue: 50 }];
  const scheme = { action: 'pageout', pattern: { nrAccesses: { max: 0 } }, quota: { goals } };
  await watched(virtual, { schemes: [scheme] });
  const text = await scraped(virtual);
  const at = '{monitor="app",cgroup="",scheme="0",action="pageout"}';
  const of = (name: string) => sampleOf(text, `thermocline_scheme_${name}${at}`);
  const { stats } = virtual.service.monitor('app').latest!;
  expect(of('tried_bytes_total')).toBe(Number(stats.schemes[0]!.stats.triedBytes));
  expect(of('applied_bytes_total')).toBe(Number(stats.schemes[0]!.stats.appliedBytes));
  expect(of('failed_bytes_total') + of('applied_bytes_total')).toBe(of('tried_bytes_total'));
  expect(text).toContain(
    'thermocline_goal_target{monitor="app",cgroup="",scheme="0",goal="0",metric="user_input"} 50',
  );
});

test('tells how much of its quota a scheme uses', async () => {
  await using virtual = new VirtualService(undefined, SWAPPING);
  // 1 MiB each half second, and there are 48 to take.
  const quota = { sizeBytes: '1 MiB', resetIntervalMs: 500 };
  await watched(virtual, { schemes: [{ action: 'pageout', quota }, { action: 'stat' }] });
  const text = await scraped(virtual);
  const used = (scheme: number, action: string) =>
    sampleOf(
      text,
      `thermocline_scheme_quota_used_ratio{monitor="app",cgroup="",scheme="${scheme}",action="${action}"}`,
    );
  expect(used(0, 'pageout')).toBeCloseTo(1, 1);
  expect(used(1, 'stat')).toBeNaN();
});

test('has the pressure of the machine, and of the cgroups that are watched', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'thermocline-cgroups-'));
  try {
    mkdirSync(join(folder, 'db'));
    const file = join(folder, 'db/memory.pressure');
    writeFileSync(file, 'some avg10=0 total=2500000\nfull avg10=0 total=500000\n');
    const roots = { ...resolveRoots({}), cgroup: folder };
    await using virtual = new VirtualService(undefined, undefined, undefined, roots);
    await virtual.client().create({ name: 'db', watch: { kind: 'cgroup', path: '/db' } });
    await virtual.advance('db', 200_000);
    const text = await scraped(virtual);
    const of = (kind: string) =>
      sampleOf(text, `thermocline_pressure_seconds_total{cgroup="/db",kind="${kind}"}`);
    expect([of('some'), of('full')]).toEqual([2.5, 0.5]);
    expect(text).toContain('thermocline_working_set_bytes{monitor="db",cgroup="/db"}');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the number of series has a limit, and what is left out is counted', async () => {
  await using virtual = new VirtualService();
  const goals = Array.from({ length: 12 }, () => ({ metric: 'user_input', targetValue: 1 }));
  const schemes = Array.from({ length: 20 }, () => ({ action: 'stat', quota: { goals } }));
  const nrLines = async () => (await scraped(virtual)).split('\n').length;
  const add = async (from: number, to: number) => {
    for (let index = from; index < to; index++) {
      const watch = { kind: 'simulation', scenario: 'demo' } as const;
      const name = `m${String(index).padStart(2, '0')}`;
      await virtual.service.create({ name, watch, params: { schemes } }, 'api');
      await virtual.advance(name, 100_000);
    }
  };
  await add(0, 50);
  const most = await nrLines();
  await add(50, 53);
  expect(await nrLines()).toBe(most);
  const text = await scraped(virtual);
  expect(new Set(text.match(/monitor="m\d+"/g)).size).toBe(50);
  expect(new Set(text.match(/scheme="\d+"/g)).size).toBe(16);
  expect(new Set(text.match(/goal="\d+"/g)).size).toBe(8);
  expect(text).toContain('thermocline_monitors_left_out 3');
}, 60_000);

test('names no process, and forgets monitors that are gone', async () => {
  await using virtual = new VirtualService();
  await watched(virtual);
  expect(await scraped(virtual)).not.toMatch(/pid="/);
  await virtual.client().remove('app');
  expect(await scraped(virtual)).not.toContain('monitor="app"');
});

test('is for those who may read only', async () => {
  await using virtual = new VirtualService();
  expect((await virtual.fetch('/metrics')).status).toBe(401);
});

test.skipIf(PROMTOOL === undefined)(
  'promtool finds nothing wrong (skipped without it)',
  async () => {
    await using virtual = new VirtualService();
    const goals = [{ metric: 'user_input', targetValue: 50 }];
    const quota = { sizeBytes: '1 MiB', goals };
    await watched(virtual, { schemes: [{ action: 'pageout', quota }] });
    const input = await scraped(virtual);
    expect(execFileSync(PROMTOOL!, ['check', 'metrics'], { input, encoding: 'utf8' })).toBe('');
    const rules = fileURLToPath(
      new URL('../../../examples/prometheus/alerts.yaml', import.meta.url),
    );
    const checked = execFileSync(PROMTOOL!, ['check', 'rules', rules], { encoding: 'utf8' });
    expect(checked).toContain('SUCCESS: 7 rules found');
  },
);

test.skipIf(PROMTOOL === undefined)(
  'a real Prometheus scrapes it by its token and answers a query (skipped without one)',
  async () => {
    await using virtual = new VirtualService();
    await watched(virtual);
    const listener = await listenOnLoopback(virtual.app, 0);
    virtual.hosts.push(`127.0.0.1:${listener.port}`);
    const folder = mkdtempSync(join(tmpdir(), 'thermocline-prometheus-'));
    const port = await freePort();
    writeFileSync(
      join(folder, 'prometheus.yml'),
      JSON.stringify({
        scrape_configs: [
          {
            job_name: 'thermocline',
            scrape_interval: '1s',
            authorization: { credentials_file: virtual.tokens.readTokenFile },
            static_configs: [{ targets: [`127.0.0.1:${listener.port}`] }],
          },
        ],
      }),
    );
    const prometheus = spawn(
      PROMETHEUS!,
      [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    try {
      const expected = virtual.service.monitor('app').latest!.figures.workingSetBytes;
      expect(await queried(port, 'thermocline_working_set_bytes')).toBe(expected);
    } finally {
      prometheus.kill('SIGKILL');
      await once(prometheus, 'exit');
      await listener.close();
      rmSync(folder, { recursive: true });
    }
  },
);

test('rules and dashboard ask for metrics that there are', async () => {
  await using virtual = new VirtualService();
  await watched(virtual, { schemes: [{ action: 'stat', quota: { sizeBytes: '1 MiB' } }] });
  const text = await scraped(virtual);
  const known = new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name!));
  const folder = new URL('../../../examples/prometheus/', import.meta.url);
  for (const file of ['alerts.yaml', 'grafana-dashboard.json']) {
    const names = readFileSync(new URL(file, folder), 'utf8').match(/thermocline_\w+/g)!;
    const families = names.map((name) => name.replace(/_(bucket|sum|count)$/, ''));
    expect(families.length).toBeGreaterThan(3);
    expect(families.filter((name) => !known.has(name))).toEqual([]);
  }
});

/** Asks until there is an answer. */
async function queried(port: number, query: string): Promise<number> {
  for (let attempt = 0; attempt < 120; attempt++) {
    await delay(250);
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
    const answer = await fetch(url).then(
      (response) => response.json(),
      () => null,
    );
    const [first] =
      (answer as { data?: { result?: { value: [number, string] }[] } })?.data?.result ?? [];
    if (first !== undefined) return Number(first.value[1]);
  }
  throw new Error('Prometheus gave no answer.');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
