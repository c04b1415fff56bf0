/** Real processes; the one that touches known pages needs a C compiler. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { KernelRandom } from '../../base/random.ts';
import { Kdamond } from '../../core/kdamond.ts';
import { noMetrics } from '../../core/metrics.ts';
import { resolveRoots } from '../../host/linux/roots.ts';
import { loadSyscalls } from '../../host/linux/syscalls-koffi.ts';
import { DEFAULT_SCHEME, SMAPS_DEFAULT_ATTRS } from '../../params/defaults.ts';
import type { Params, Scheme } from '../../params/types.ts';
import { type MappingState, type SmapsOptions, smapsOperations } from './index.ts';
import type { SmapsOperations } from './smaps-operations.ts';

const MIB = 2 ** 20;
const PAGE = 4096;
const hasCompiler = compilerExists();
if (!hasCompiler) console.warn('skipped: no C compiler (cc) to build the process to watch');

const folder = mkdtempSync(join(tmpdir(), 'thermocline-smaps-'));
const program = join(folder, 'touch-memory');
const file = join(folder, 'mapped-file');
afterAll(() => rmSync(folder, { recursive: true }));

function compilerExists(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The process of `touch-memory.c`. */
class Toucher {
  readonly process: ChildProcessWithoutNullStreams;
  readonly mappings: { readonly start: number; readonly bytes: number }[] = [];
  readonly #lines: AsyncIterator<string>;

  constructor() {
    this.process = spawn(program, [file]);
    this.#lines = createInterface(this.process.stdout)[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.process.pid!;
  }

  async ready(): Promise<this> {
    for (let line = await this.#line(); line !== 'ready'; line = await this.#line()) {
      const [start, bytes] = line.split(' ').map(Number);
      this.mappings.push({ start: start!, bytes: bytes! });
    }
    return this;
  }

  async do(command: string): Promise<string> {
    this.process.stdin.write(`${command}\n`);
    return this.#line();
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await ended;
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the process to watch has ended');
    return value;
  }
}

function paramsFor(pid: number, schemes: readonly Scheme[] = []): Params {
  return {
    operations: 'vaddr',
    addrUnit: 1,
    minRegionSize: PAGE,
    attrs: SMAPS_DEFAULT_ATTRS,
    targets: [{ pid, regions: [], obsolete: false }],
    probes: [],
    schemes,
    paused: false,
  };
}

/** A kdamond on a virtual clock: each `sample` is one sampling interval. */
class Watch {
  readonly operations: SmapsOperations;
  readonly kdamond: Kdamond;
  readonly #clock = new VirtualClock();
  readonly #toucher: Toucher;
  #sleepUs: number;

  constructor(toucher: Toucher, schemes: readonly Scheme[] = [], act?: SmapsOptions['act']) {
    const clock = this.#clock;
    this.#toucher = toucher;
    const options = { roots: resolveRoots({}, {}), pids: [toucher.pid], clock };
    this.operations = smapsOperations(act ? { ...options, act } : options);
    this.kdamond = new Kdamond({
      params: paramsFor(toucher.pid, schemes),
      operations: this.operations,
      clock,
      random: new KernelRandom(1),
      metrics: noMetrics,
    });
    this.#sleepUs = this.kdamond.step();
  }

  async sample(...commands: string[]): Promise<void> {
    for (const command of commands) await this.#toucher.do(command);
    this.#clock.advance(this.#sleepUs);
    this.#sleepUs = this.kdamond.step();
  }

  async samples(count: number, ...commands: string[]): Promise<void> {
    for (let done = 0; done < count; done++) await this.sample(...commands);
  }

  mapping(index: number): MappingState {
    const { start } = this.#toucher.mappings[index]!;
    return this.operations.mappings().find((mapping) => mapping.start === start)!;
  }

  /** Ends in the running tick. */
  stop(): void {
    this.kdamond.requestStop();
    this.kdamond.step();
  }
}

describe.skipIf(!hasCompiler)('a real process', () => {
  let toucher: Toucher;

  beforeAll(() => {
    execFileSync('cc', ['-O1', '-o', program, join(import.meta.dirname, 'touch-memory.c')]);
    // Written through, since only clean pages can be dropped at once.
    writeFileSync(file, Buffer.alloc(16 * MIB, 1), { flush: true });
  });
  afterEach(() => toucher.end());

  test('touched bytes are those that the process touches, to the page', async () => {
    toucher = await new Toucher().ready();
    const watch = new Watch(toucher);
    await watch.sample('w 1 0 1234', 'r 2 100 77', 'r 0 5 300');
    expect(watch.mapping(1).touchedBytes).toBe(1234 * PAGE);
    expect(watch.mapping(2).touchedBytes).toBe(77 * PAGE);
    expect(watch.mapping(0).touchedBytes).toBe(300 * PAGE);
    expect(watch.mapping(0).name).toBe(file);

    await watch.sample('r 1 1000 16');
    expect(watch.mapping(1).touchedBytes).toBe(16 * PAGE);
    expect(watch.mapping(2)).toMatchObject({
      touchedBytes: 0,
      residentBytes: 24 * MIB,
      untouchedUs: SMAPS_DEFAULT_ATTRS.sampleIntervalUs,
    });
    watch.stop();
  });

  test('one byte of a huge page counts as all of it', async () => {
    toucher = await new Toucher().ready();
    const watch = new Watch(toucher);
    await watch.sample('w 3 0 1');
    // Where huge pages are off, the mapping consists of small ones.
    expect([2 * MIB, PAGE]).toContain(watch.mapping(3).touchedBytes);
    watch.stop();
  });

  test('regions count the touched share of their mapping', async () => {
    toucher = await new Toucher().ready();
    const watch = new Watch(toucher);
    // 9 samples and not 10, so that the window is not reset yet.
    await watch.samples(9, `w 1 0 ${(64 * MIB) / PAGE / 3}`, 'w 2 0 6144');
    const { regions } = watch.kdamond.targets[0]!;
    const seen = (index: number) => {
      const { start, bytes } = toucher.mappings[index]!;
      const rows = Array.from({ length: regions.nr }, (_, row) => row);
      const inside = rows.filter(
        (row) => regions.start[row]! >= start && regions.end[row]! <= start + bytes,
      );
      return new Set(inside.map((row) => regions.nrAccesses[row]));
    };
    expect(seen(1)).toEqual(new Set([3]));
    expect(seen(2)).toEqual(new Set([9]));
    expect(seen(0)).toEqual(new Set([0]));
    watch.stop();
  });

  test('monitoring ends when the process does', async () => {
    toucher = await new Toucher().ready();
    const watch = new Watch(toucher);
    await watch.sample();
    await toucher.end();
    await watch.sample();
    expect(watch.kdamond.step()).toBe(-1);
    expect(watch.operations.mappings()).toEqual([]);
  });

  test('a child that it starts is followed when wished', async () => {
    toucher = await new Toucher().ready();
    const child = Number(await toucher.do('f'));
    const options = { roots: resolveRoots({}, {}), pids: [toucher.pid], clock: new VirtualClock() };
    expect(smapsOperations(options).currentPids()).toEqual([toucher.pid]);
    const following = smapsOperations({ ...options, followChildren: true });
    expect(following.currentPids()).toEqual([toucher.pid, child]);
    process.kill(child, 'SIGKILL');
  });

  test('pageout takes untouched mappings only, and leaves what is in use alone', async () => {
    const syscalls = await loadSyscalls();
    toucher = await new Toucher().ready();
    const { start, bytes } = toucher.mappings[0]!;
    const range = { start, end: start + bytes };
    const scheme: Scheme = {
      ...DEFAULT_SCHEME,
      action: 'pageout',
      pattern: {
        sizeBytes: { min: PAGE, max: 'max' },
        nrAccesses: { min: 0, max: 0 },
        age: { min: 1, max: 'max' },
      },
      filters: [{ type: 'addr', matching: true, allow: true, range }],
    };
    const watch = new Watch(toucher, [scheme], { syscalls, dryRun: false });
    expect(watch.operations.capabilities().find(({ name }) => name === 'pageout')).toMatchObject({
      available: true,
    });
    // One page in each sample rounds to no access at all, yet the mapping is in use.
    await watch.samples(41, 'r 0 7 1');
    const inUse = watch.kdamond.schemeState(0).stats;
    expect(inUse.triedBytes).toBeGreaterThan(0n);
    expect(inUse.appliedBytes).toBe(0n);
    expect(watch.mapping(0).residentBytes).toBe(16 * MIB);

    await watch.samples(41);
    const { appliedBytes } = watch.kdamond.schemeState(0).stats;
    expect(appliedBytes).toBeGreaterThanOrEqual(BigInt(16 * MIB));
    // A large folio that a region's end cuts through may stay.
    expect(watch.mapping(0).residentBytes).toBeLessThan(8 * MIB);
    expect(watch.mapping(1).residentBytes).toBe(64 * MIB);
    watch.stop();
  });
});

test('a process that starts another program in its place is watched on', async () => {
  const shell = spawn('sh', ['-c', 'echo ready; read line; exec sleep 30']);
  try {
    const output = createInterface(shell.stdout)[Symbol.asyncIterator]();
    await output.next();
    const clock = new VirtualClock();
    const pid = shell.pid!;
    const operations = smapsOperations({ roots: resolveRoots({}, {}), pids: [pid], clock });
    const kdamond = new Kdamond({
      params: paramsFor(pid),
      operations,
      clock,
      random: new KernelRandom(1),
      metrics: noMetrics,
    });
    const programs = () => new Set(operations.mappings().map(({ name }) => basename(name)));
    kdamond.step();
    expect(programs()).not.toContain('sleep');
    shell.stdin.write('go on\n');
    for (let waits = 0; waits < 200 && !commandLine(pid).startsWith('sleep'); waits++) {
      await setTimeout(10);
    }
    clock.advance(SMAPS_DEFAULT_ATTRS.sampleIntervalUs);
    expect(kdamond.step()).toBe(SMAPS_DEFAULT_ATTRS.sampleIntervalUs);
    expect(programs()).toContain('sleep');
    kdamond.requestStop();
    kdamond.step();
  } finally {
    shell.kill('SIGKILL');
  }
});

function commandLine(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}
