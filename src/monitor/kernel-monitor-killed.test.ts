/** Kills a process at each of its writes, and has its guard clear up. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { VirtualClock } from '../base/clock.ts';
import { ownIdentity } from '../host/linux/process-identity.ts';
import type { Boot } from '../kernel/claim.ts';
import { SlotPool } from '../kernel/slot-pool.ts';
import { readValue, type SysfsFiles, slotIndexes, slotPath } from '../kernel/sysfs-files.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, NO_QUOTA } from '../params/defaults.ts';
import type { Params } from '../params/types.ts';
import { FakeDamonSysfs } from '../testing/fake-damon-sysfs.ts';
import { FakeTracefs } from '../testing/fake-tracefs.ts';
import { KernelMonitor } from './kernel-monitor.ts';

const base = mkdtempSync(join(tmpdir(), 'thermocline-killed-'));
afterAll(() => rmSync(base, { recursive: true }));

/** Each how manyth write is the last one of a process; cuts in front of and behind it alternate. */
const STRIDE = 4;

const me = ownIdentity();

class Killed extends Error {}

/** A machine on which our process is killed at one of its writes. */
class Machine {
  readonly fake = new FakeDamonSysfs({ statAtBoot: true });
  readonly stateDir = mkdtempSync(join(base, 'state-'));
  /** Slots that our journal tells of. */
  readonly journal = new Set<number>();
  readonly #lastWrite: number;
  readonly #isDone: boolean;
  #nrWrites = 0;
  #isKilled = false;

  /** @param isDone whether the last write still reaches the kernel */
  constructor(lastWrite: number, isDone: boolean) {
    this.#lastWrite = lastWrite;
    this.#isDone = isDone;
  }

  get nrWrites(): number {
    return this.#nrWrites;
  }

  readonly boot: Boot = {
    bootId: me.bootId,
    startTicksOf: (pid) => {
      if (pid === me.pid) return this.#isKilled ? null : me.startTicks;
      const runs = slotIndexes(this.fake).some(
        (slot) => readValue(this.fake, slotPath(slot, 'pid')) === String(pid),
      );
      return runs ? pid * 7 : null;
    },
  };

  readonly files: SysfsFiles = {
    read: (path) => this.fake.read(path),
    list: (path) => this.fake.list(path),
    exists: (path) => this.fake.exists(path),
    write: async (path, text) => {
      const isLast = this.#nrWrites === this.#lastWrite;
      if (this.#isKilled || (isLast && !this.#isDone)) {
        this.#isKilled = true;
        throw new Killed();
      }
      this.#nrWrites += 1;
      await this.fake.write(path, text);
      if (!isLast) return;
      this.#isKilled = true;
      throw new Killed();
    },
  };

  /** A whole life of a monitor, from the first write to the last. */
  async live(): Promise<void> {
    const clock = new VirtualClock();
    const monitor = new KernelMonitor(
      {
        ...{ set: 'kernel', stateDir: this.stateDir, purpose: 'a test', followChildren: false },
        ...{ pageFilters: [], handOverStat: true },
        roots: { proc: '/proc', sys: '/nowhere', cgroup: '/nowhere' },
      },
      {
        params: acting,
        record: ({ undo }) => {
          if (undo !== null && 'kernelSlot' in undo) this.journal.add(undo.kernelSlot);
        },
        machine: {
          ...{ files: this.files, boot: this.boot, clock, cpuUsOf: () => 0 },
          ...{ traceFiles: new FakeTracefs(), nrCpus: 2 },
        },
      },
    );
    await monitor.start();
    this.fake.runFor(200_000);
    await monitor.snapshot();
    await monitor.setGoalValue(0, 0, 9);
    await monitor.commit({ ...acting, schemes: [acting.schemes[0]!, watching] });
    await monitor.pause();
    await monitor.stop();
  }

  /** What a guard does once the pipe has ended. */
  async guard(): Promise<void> {
    const { fake: files, boot, stateDir } = this;
    const guard = new SlotPool({ files, boot, stateDir, owner: { ...me, pid: me.pid + 1 } });
    for (const slot of this.journal) await guard.release(slot, me);
  }

  get slotsOn(): number[] {
    return slotIndexes(this.fake).filter(
      (slot) => readValue(this.fake, slotPath(slot, 'state')) === 'on',
    );
  }

  get statIsOn(): boolean {
    return readValue(this.fake, 'module/damon_stat/parameters/enabled') === 'Y';
  }
}

const acting: Params = {
  operations: 'vaddr',
  addrUnit: 1,
  minRegionSize: 4096,
  attrs: DEFAULT_ATTRS,
  targets: [{ pid: process.pid, regions: [], obsolete: false }],
  probes: [],
  schemes: [
    {
      ...DEFAULT_SCHEME,
      action: 'pageout',
      quota: {
        ...NO_QUOTA,
        sizeBytes: 2 ** 20,
        goals: [{ metric: 'user_input', targetValue: 100, currentValue: 0 }],
      },
    },
  ],
  paused: false,
};

const watching = { ...DEFAULT_SCHEME, action: 'stat' as const };

const whole = new Machine(Number.POSITIVE_INFINITY, true);
await whole.live();

describe('a process that is killed', () => {
  test('lives through hundreds of writes otherwise, and leaves the kernel as it was', () => {
    expect(whole.nrWrites).toBeGreaterThan(200);
    expect([whole.slotsOn, slotIndexes(whole.fake), whole.statIsOn]).toEqual([[], [], true]);
  });

  test.each([
    ['in front of', false],
    ['right after', true],
  ])('%s any write leaves nothing that runs, once its guard has been there', async (_, isDone) => {
    for (let last = isDone ? 2 : 0; last < whole.nrWrites; last += STRIDE) {
      const machine = new Machine(last, isDone);
      await expect(machine.live(), `write ${last}`).rejects.toThrow();
      await machine.guard();
      expect([last, machine.slotsOn, machine.statIsOn]).toEqual([last, [], true]);
      if (machine.journal.size > 0) expect([last, slotIndexes(machine.fake)]).toEqual([last, []]);
    }
  });
});
