/** A service whose monitors run in a fake of the kernel. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { VirtualClock } from '../../src/base/clock.ts';
import type { Roots } from '../../src/host/host.ts';
import { LinuxHost } from '../../src/host/linux/linux-host.ts';
import { currentBootId, ownIdentity } from '../../src/host/linux/process-identity.ts';
import { ADMIN_FOLDER, readValue, slotIndexes, slotPath } from '../../src/kernel/sysfs-files.ts';
import { KernelMonitor } from '../../src/monitor/kernel-monitor.ts';
import { PageSessions } from '../../src/service/access/page-sessions.ts';
import { Tokens } from '../../src/service/access/tokens.ts';
import { type App, createApp } from '../../src/service/api/app.ts';
import { MonitorStore } from '../../src/service/monitor-store.ts';
import { type MonitorOpener, monitorOpener } from '../../src/service/open-monitor.ts';
import { Service } from '../../src/service/service.ts';
import { type FakeDamonOptions, FakeDamonSysfs } from '../../src/testing/fake-damon-sysfs.ts';
import { FakeTracefs } from '../../src/testing/fake-tracefs.ts';

const me = ownIdentity();

/** The real service and its real opener; only the kernel is another. Its folder goes with it. */
export class FakeKernelService implements AsyncDisposable {
  readonly stateDir: string = mkdtempSync(path.join(tmpdir(), 'thermocline-kernel-service-'));
  readonly fake: FakeDamonSysfs;
  readonly service: Service;
  readonly #roots: Roots;

  constructor(options: FakeDamonOptions = {}) {
    this.fake = new FakeDamonSysfs(options);
    // What a guard finds in the end: a kernel without slots.
    const sys = path.join(this.stateDir, 'sys');
    mkdirSync(path.join(sys, ADMIN_FOLDER, 'kdamonds'), { recursive: true });
    writeFileSync(path.join(sys, ADMIN_FOLDER, 'kdamonds/nr_kdamonds'), '0\n');
    this.#roots = { proc: '/proc', sys, cgroup: '/nowhere' };
    this.service = new Service({
      ...{ roots: this.#roots, stateDir: this.stateDir, open: this.#opener() },
      store: new MonitorStore(this.stateDir),
      recordings: null,
      wallUs: () => 0,
    });
  }

  /** Slots that are on. */
  slotsOn(): number[] {
    return slotIndexes(this.fake).filter(
      (slot) => readValue(this.fake, slotPath(slot, 'state')) === 'on',
    );
  }

  /** What a file of slot 0 holds. */
  value(file: string): string {
    return readValue(this.fake, slotPath(0, file));
  }

  /** The API of it. */
  app(): App {
    return createApp({
      service: this.service,
      tokens: new Tokens(this.stateDir),
      sessions: new PageSessions(() => 0),
      host: new LinuxHost(this.#roots),
      capabilities: () => [],
      scenarios: [],
      version: '0.0.0',
      hosts: () => [],
      nowMs: () => 0,
      pagesFolder: path.join(this.stateDir, 'pages'),
      logFault: (error) => expect.fail(`a fault: ${error}`),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service.close();
    rmSync(this.stateDir, { recursive: true });
  }

  #opener(): MonitorOpener {
    const { fake: files } = this;
    const real = monitorOpener(this.#roots, this.stateDir, () => expect.fail('no simulation'));
    const boot = {
      bootId: currentBootId(),
      startTicksOf: (pid: number) => {
        if (pid === me.pid) return me.startTicks;
        const pids = slotIndexes(files).map((slot) => readValue(files, slotPath(slot, 'pid')));
        return pids.includes(String(pid)) ? pid * 7 : null;
      },
    };
    return (spec, origin) => {
      const prepared = real(spec, origin);
      const machine = {
        ...{ files, boot, clock: new VirtualClock(), cpuUsOf: () => 0 },
        ...{ traceFiles: new FakeTracefs(), nrCpus: 2 },
      };
      const { params, kernel } = prepared;
      return {
        ...prepared,
        open: async (record) => new KernelMonitor(kernel!, { params, record: record!, machine }),
      };
    };
  }
}
