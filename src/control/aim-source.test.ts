import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VirtualClock } from '../base/clock.ts';
import { parseAim } from '../policies/aim.ts';
import { type MetricSource, readMetricSource } from './aim-config.ts';
import { MeasuredAim } from './aim-source.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'thermocline-aim-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const aim = parseAim('p99 <= 20ms');
const me = { uid: process.getuid!(), gid: process.getgid!() };
const LONG_US = 3_600_000_000;

function configured(metrics: object, mode = 0o644): string {
  const file = join(folder, `metrics-${mode}.yaml`);
  writeFileSync(file, JSON.stringify({ metrics }));
  chmodSync(file, mode);
  return file;
}

describe('the configuration', () => {
  const p99 = { command: ['/bin/echo', '1'], user: 'tester' };
  const trust = () => {
    const passwd = join(folder, 'passwd');
    writeFileSync(passwd, 'root:x:0:0::/:\ntester:x:1234:5678::/:\n');
    return { ownerUid: me.uid, passwd };
  };

  test('names a metric', () => {
    const file = configured({ p99 });
    expect(readMetricSource(file, 'p99', trust())).toEqual({
      ...{ command: ['/bin/echo', '1'], uid: 1234, gid: 5678, timeoutMs: 2000 },
    });
    expect(() => readMetricSource(file, 'qps', trust())).toThrow(/has no metric qps; it has p99/);
    const nobody = configured({ p99: { ...p99, user: 'nobody-here' } });
    expect(() => readMetricSource(nobody, 'p99', trust())).toThrow(/user nobody-here is not in/);
  });

  test('is not followed where others could have written it', () => {
    const file = configured({ p99 }, 0o666);
    expect(() => readMetricSource(file, 'p99', trust())).toThrow(/can be written by others/);
    const mine = configured({ p99 });
    expect(() => readMetricSource(mine, 'p99', { ownerUid: me.uid + 1 })).toThrow(
      /can be written by others/,
    );
    expect(() => readMetricSource(join(folder, 'none'), 'p99', trust())).toThrow(/can't be read/);
  });

  test('asks nobody but this machine', () => {
    const file = configured({ p99: { prometheus: 'http://example.org:9090', query: 'up' } });
    expect(() => readMetricSource(file, 'p99', trust())).toThrow(/only http on this machine/);
  });
});

async function measured(source: MetricSource) {
  const clock = new VirtualClock(7);
  using watched = new MeasuredAim(aim, source, LONG_US, clock);
  // The first measurement has begun by itself; wait for it without starting another.
  await expect
    .poll(() => watched.latest() !== null, { timeout: 2000 })
    .toBe(true)
    .catch(() => {});
  return watched.latest();
}

describe('a command', () => {
  const source = (script: string, timeoutMs = 2000) => ({
    ...{ command: ['/bin/sh', '-c', script], ...me, timeoutMs },
  });

  test('prints the value, and gets none of our environment', async () => {
    process.env['THERMOCLINE_SECRET'] = '3';
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
    const value = await measured(source('echo 1${THERMOCLINE_SECRET}8'));
    expect(value).toEqual({ value: 18_000, timeUs: 7 });
  });

  test('is given no shell of its own', async () => {
    const file = join(folder, 'made');
    await measured({ command: ['/bin/echo', `5; touch ${file}`], ...me, timeoutMs: 500 });
    expect(() => readMetricSource(file, 'p99')).toThrow(/can't be read/);
  });

  test('that fails or says nothing of use gives no value', async () => {
    const failing = new MeasuredAim(aim, source('exit 1'), LONG_US);
    await failing.measure();
    expect(failing.latest()).toBe(null);
    failing[Symbol.dispose]();
  });
});

test('Prometheus is asked for an instant value', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(JSON.stringify({ data: { result: [{ value: [1, '0.0185'] }] } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const source = { prometheus: `http://127.0.0.1:${port}`, query: 'p99{a="b"}', timeoutMs: 2000 };
  const seconds = parseAim('p99 <= 0.02s');
  using watched = new MeasuredAim(seconds, source, LONG_US, new VirtualClock(9));
  await expect.poll(() => watched.latest()).toEqual({ value: 18_500, timeUs: 9 });
  expect(asked).toEqual(['/api/v1/query?query=p99%7Ba%3D%22b%22%7D']);
  await new Promise((resolve) => server.close(resolve));
});
