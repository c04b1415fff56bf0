import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeTracefs } from '../testing/fake-tracefs.ts';
import { RealTracefs, tracefsRoot } from './real-tracefs.ts';
import {
  removeTraceInstance,
  type TraceEvent,
  TraceInstance,
  traceBufferKiB,
  traceInstanceName,
} from './trace-instance.ts';
import { type TracedWindow, TraceWindows, tracedSnapshot } from './trace-windows.ts';

const options = (events: readonly TraceEvent[] = ['damon_aggregated']) => ({
  name: 'thermocline-7-1',
  kdamondPid: 71,
  events,
  bufferKiB: 512,
});

describe('an instance', () => {
  test('has a bounded buffer, a filter for one thread, and is removed in the end', () => {
    const files = new FakeTracefs();
    const instance = TraceInstance.open(files, options());
    const set = (file: string) => files.valueOf('thermocline-7-1', file);
    expect(set('buffer_size_kb')).toBe('512');
    expect(set('trace_clock')).toBe('mono');
    expect(set('events/damon/damon_aggregated/filter')).toBe('common_pid == 71');
    files.trace(71, 'damon_aggregated', 'ours');
    files.trace(72, 'damon_aggregated', "another's");
    files.trace(71, 'damos_before_apply', 'not asked for');
    const text = [...instance.read()].map((piece) => Buffer.from(piece).toString()).join('');
    expect(text).toMatch(/^ +kdamond.0-71 .*: damon_aggregated: ours\n$/);
    instance[Symbol.dispose]();
    expect(files.instances).toEqual([]);
    expect(files.changes.every((change) => change.includes('instances/thermocline-7-1'))).toBe(
      true,
    );
  });

  test('leaves out trace points that this kernel lacks, but for the first', () => {
    const files = new FakeTracefs(['damon_aggregated']);
    using _instance = TraceInstance.open(
      files,
      options(['damon_aggregated', 'damon_monitor_intervals_tune']),
    );
    expect(files.changes.join()).not.toContain('tune');
    expect(() => TraceInstance.open(files, options(['damos_before_apply']))).toThrow(
      'This kernel has no trace point damos_before_apply',
    );
  });

  test('is gone again when it can not be set up', () => {
    const files = new FakeTracefs();
    const refusing = Object.assign(Object.create(files) as FakeTracefs, {
      exists: (path: string) => files.exists(path),
      makeFolder: (path: string) => files.makeFolder(path),
      removeFolder: (path: string) => files.removeFolder(path),
      write: () => {
        throw new Error('EINVAL');
      },
    });
    expect(() => TraceInstance.open(refusing, options())).toThrow('EINVAL');
    expect(files.instances).toEqual([]);
  });

  test('without tracefs is refused with the way out', () => {
    const files = new RealTracefs('/nowhere');
    expect(() => TraceInstance.open(files, options())).toThrow('mount -t tracefs');
  });

  test('only those with a name of ours are removed', () => {
    const files = new FakeTracefs();
    for (const name of ['other', '../events', 'thermocline-7-1/..', 'thermocline-']) {
      expect(() => removeTraceInstance(files, name)).toThrow('is no trace instance of Thermocline');
    }
    removeTraceInstance(files, traceInstanceName(7));
    expect(files.changes).toHaveLength(1);
  });

  test('has a buffer that all CPUs together keep small', () => {
    expect(traceBufferKiB(2)).toBe(1024);
    expect(traceBufferKiB(64)).toBe(512);
    expect(traceBufferKiB(4096)).toBe(64);
  });
});

describe('files of tracefs', () => {
  let sys: string;
  beforeEach(() => {
    sys = mkdtempSync(join(tmpdir(), 'thermocline-tracefs-'));
    mkdirSync(join(sys, 'kernel/tracing/instances'), { recursive: true });
  });
  afterEach(() => rmSync(sys, { recursive: true }));

  test('folders are made and removed, and files never made', () => {
    const root = tracefsRoot({ proc: '/proc', sys, cgroup: '/nowhere' });
    expect(root).toBe(join(sys, 'kernel/tracing'));
    const files = new RealTracefs(root);
    files.makeFolder('instances/thermocline-1-1');
    expect(() => files.write('instances/thermocline-1-1/trace_clock', 'mono')).toThrow(
      "instances/thermocline-1-1/trace_clock of tracefs can't be written: the kernel said ENOENT.",
    );
    expect(() => files.makeFolder('instances/thermocline-1-1')).toThrow('EEXIST');
    files.removeFolder('instances/thermocline-1-1');
    files.removeFolder('instances/thermocline-1-1');
    expect(files.exists('instances/thermocline-1-1')).toBe(false);
  });

  test('a pipe gives what has come, and null at its end', () => {
    writeFileSync(join(sys, 'kernel/tracing/trace_pipe'), 'some text');
    using pipe = new RealTracefs(join(sys, 'kernel/tracing')).openPipe('trace_pipe');
    expect(Buffer.from(pipe.read()!).toString()).toBe('some text');
    expect(pipe.read()).toBeNull();
  });
});

describe('windows', () => {
  /** Takes lines in pieces of so many bytes. */
  function windowsOf(windows: TraceWindows, lines: readonly string[], size = 1000) {
    const bytes = Buffer.from(lines.join(''));
    const found: TracedWindow[] = [];
    for (let from = 0; from < bytes.length; from += size) {
      // In the reader's buffer, which is written over by the next piece.
      found.push(...windows.take(Buffer.from(bytes.subarray(from, from + size))));
    }
    return found;
  }
  const line = (seconds: number, event: string, fields: string) =>
    `       kdamond.0-71      [001] .....  ${seconds.toFixed(6)}: ${event}: ${fields}\n`;
  const region = (seconds: number, target: number, nr: number, range: string, rest: string) =>
    line(seconds, 'damon_aggregated', `target_id=${target} nr_regions=${nr} ${range}: ${rest}`);
  const twoTargets = (seconds: number) => [
    region(seconds, 0, 2, '4096-8192', '0 3'),
    region(seconds, 0, 2, '8192-16384', '20 1'),
    region(seconds, 1, 1, '4096-8192', '5 0'),
  ];

  test.each([1, 7, 1000])('are complete, in pieces of %i bytes', (size) => {
    const windows = new TraceWindows(2);
    const found = windowsOf(windows, [...twoTargets(5), ...twoTargets(5.1)], size);
    expect(found.map(({ timeUs }) => timeUs)).toEqual([5e6, 5.1e6]);
    const snapshot = tracedSnapshot(found[1]!, {
      ...{ timeUs: 5.1e6, wallTimeUs: null, tick: 20, targetPids: [7, 8], addrUnit: 2 },
      ...{ sampleIntervalUs: 5000, aggregationIntervalUs: 100_000 },
    });
    expect(snapshot).toMatchObject({ nrRegions: 3, maxNrAccesses: 20, windowSamples: 20 });
    expect([...snapshot.targetIndex]).toEqual([0, 0, 1]);
    expect([...snapshot.start]).toEqual([8192, 16384, 8192]);
    expect([...snapshot.end]).toEqual([16384, 32768, 16384]);
    expect([...snapshot.nrAccesses]).toEqual([0, 20, 5]);
    expect([...snapshot.age]).toEqual([3, 1, 0]);
    expect(snapshot.probeHits).toBeNull();
  });

  test('of which a line was lost are left out, and the next is whole', () => {
    const windows = new TraceWindows(2);
    const lost = twoTargets(5.1).toSpliced(1, 1, 'CPU:1 [LOST 1 EVENTS]\n');
    const found = windowsOf(windows, [...twoTargets(5), ...lost, ...twoTargets(5.2)]);
    expect(found.map(({ timeUs }) => timeUs)).toEqual([5e6, 5.2e6]);
    expect(windows).toMatchObject({ nrLostEvents: 1, nrLostWindows: 1 });
  });

  test('that were under way when the trace began are left out', () => {
    const windows = new TraceWindows(2);
    const found = windowsOf(windows, [...twoTargets(5).slice(1), ...twoTargets(5.1)]);
    expect(found.map(({ timeUs }) => timeUs)).toEqual([5.1e6]);
  });

  test('may lack a target whose process has gone', () => {
    const windows = new TraceWindows(2);
    const gone = (seconds: number) => twoTargets(seconds).slice(0, 2);
    const found = windowsOf(windows, [...gone(5), ...gone(5.1), ...gone(5.2)]);
    expect(found.map(({ rows }) => rows.length)).toEqual([2, 2]);
  });

  test('have probe hits where the kernel tells them', () => {
    const windows = new TraceWindows(1);
    const fields = 'target_id=0 nr_regions=1 4096-8192: 1 2 probe_hits=0a 14';
    const [window] = windowsOf(windows, [line(5, 'damon_region_aggregated', fields)]);
    expect(window!.rows[0]!.hits).toEqual([10, 20, 0, 0]);
  });

  test('tell of tunings, and of what schemes tried', () => {
    const windows = new TraceWindows(1);
    const tried = 'ctx_idx=0 scheme_idx=1 target_idx=0 nr_regions=2 4096-12288: 0 9';
    const lines = [
      line(5, 'damon_monitor_intervals_tune', 'sample_us=6250'),
      line(5, 'damos_before_apply', tried),
      line(5, 'damos_before_apply', tried),
    ];
    expect(windowsOf(windows, lines)).toEqual([]);
    expect(windows.tunedSampleIntervalUs).toBe(6250);
    expect(windows.schemes.get(1)).toMatchObject({ nrTried: 2n, triedBytes: 16_384n });
    const stat =
      'ctx_idx=0 scheme_idx=1 nr_tried=9 sz_tried=90 nr_applied=8 sz_applied=80 ' +
      'sz_ops_filter_passed=85 qt_exceeds=1 nr_snapshots=4';
    windowsOf(windows, [
      line(6, 'damos_stat_after_apply_interval', stat),
      line(6, 'damos_before_apply', tried),
    ]);
    expect(windows.schemes.get(1)).toEqual({
      ...{ nrTried: 9n, triedBytes: 90n, nrApplied: 8n, appliedBytes: 80n },
      ...{ filterPassedBytes: 85n, nrQuotaExceeds: 1n, nrSnapshots: 4n },
    });
  });

  test('take no harm from what is no line of ours', () => {
    const windows = new TraceWindows(1);
    const noise = ['x'.repeat(5000), '\n', '\0\0\n', 'CPU:x [LOST y EVENTS]\n', ...twoTargets(5)];
    expect(windowsOf(windows, noise, 64).map(({ rows }) => rows.length)).toEqual([2]);
  });
});
