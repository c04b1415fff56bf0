/** Monitors of the service that run in the kernel, on a fake of it. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../base/clock.ts';
import type { Watch } from '../client/api-types.ts';
import { askSlotOwner, type OwnerStatus, type TuneAnswer } from '../control/owner-requests.ts';
import { currentBootId, ownIdentity } from '../host/linux/process-identity.ts';
import { ADMIN_FOLDER, readValue, slotIndexes, slotPath } from '../kernel/sysfs-files.ts';
import { KernelMonitor, type KernelSpec } from '../monitor/kernel-monitor.ts';
import { kernelProcessParams } from '../monitor/kernel-params.ts';
import { slotSocket } from '../monitor/kernel-slots.ts';
import { parseParams } from '../params/parse.ts';
import { FakeDamonSysfs } from '../testing/fake-damon-sysfs.ts';
import { watchSchema } from './api/schemas.ts';
import { MonitorStore } from './monitor-store.ts';
import { type MonitorOpener, monitorOpener } from './open-monitor.ts';
import { Service } from './service.ts';

const me = ownIdentity();
const watch: Watch = { kind: 'kernel', pids: [process.pid] };
const params = { schemes: [{ action: 'pageout', quota: { sizeBytes: '1 MiB' } }] };

let stateDir: string;
let fake: FakeDamonSysfs;
let service: Service;

/** The real opener, whose monitor gets the fake for a machine. */
function openerOn(files: FakeDamonSysfs, roots: KernelSpec['roots']): MonitorOpener {
  const real = monitorOpener(roots, stateDir, () => expect.fail('nothing is simulated'));
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
    const kernelSpec: KernelSpec = {
      ...{ set: 'kernel', roots, stateDir, purpose: 'a test', followChildren: false },
      ...{ pageFilters: [], handOverStat: false },
    };
    const machine = { files, boot, clock: new VirtualClock(), cpuUsOf: () => 0 };
    return {
      ...prepared,
      open: async (record) =>
        new KernelMonitor(kernelSpec, { params: prepared.params, record: record!, machine }),
    };
  };
}

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'thermocline-kernel-service-'));
  // What a guard finds in the end: a kernel without slots.
  const sys = join(stateDir, 'sys');
  mkdirSync(join(sys, ADMIN_FOLDER, 'kdamonds'), { recursive: true });
  writeFileSync(join(sys, ADMIN_FOLDER, 'kdamonds/nr_kdamonds'), '0\n');
  const roots = { proc: '/proc', sys, cgroup: '/nowhere' };
  fake = new FakeDamonSysfs();
  service = new Service({
    ...{ roots, stateDir, open: openerOn(fake, roots), store: new MonitorStore(stateDir) },
    ...{ recordings: null, wallUs: () => 0 },
  });
});
afterEach(async () => {
  await service.close();
  rmSync(stateDir, { recursive: true });
});

const slotsOn = () =>
  slotIndexes(fake).filter((slot) => readValue(fake, slotPath(slot, 'state')) === 'on');
const action = () => readValue(fake, slotPath(0, 'contexts/0/schemes/0/action'));

test('the service owns their slots, and leaves the kernel as it was', async () => {
  const monitor = await service.create({ name: 'db', watch, params }, 'api');
  expect(slotsOn()).toEqual([0]);
  expect(monitor.view()).toMatchObject({ kind: 'kernel', operationsSet: 'vaddr', act: 'count' });
  // Schemes only count unless the monitor may act.
  expect(action()).toBe('stat');
  await service.remove('db');
  expect(slotIndexes(fake)).toEqual([]);
  expect(existsSync(slotSocket(stateDir, 0))).toBe(false);
});

test('commands about a slot ask the service, which changes its own monitor', async () => {
  await service.create({ name: 'db', watch, params, act: 'act' }, 'api');
  expect(action()).toBe('pageout');
  const status = await askSlotOwner<OwnerStatus>(stateDir, 0, { ask: 'status' });
  expect(status).toMatchObject({ params: { operations: 'vaddr' }, cost: { ceiling: 0.01 } });
  const settings = ['schemes[0].quota.sizeBytes=2MiB'];
  const asked = { ask: 'tune', settings, dryRun: true } as const;
  const { changes } = (await askSlotOwner<TuneAnswer>(stateDir, 0, asked))!;
  expect(changes.join()).toContain('2 MiB');
  const bytes = () => readValue(fake, slotPath(0, 'contexts/0/schemes/0/quotas/bytes'));
  expect(bytes()).toBe(String(2 ** 20));
  await askSlotOwner(stateDir, 0, { ...asked, dryRun: false });
  expect(bytes()).toBe(String(2 ** 21));
  expect(service.monitor('db').params.schemes[0]!.quota.sizeBytes).toBe(2 ** 21);
  await askSlotOwner(stateDir, 0, { ask: 'stop' });
  await expect.poll(() => service.monitors().length).toBe(0);
  expect(slotIndexes(fake)).toEqual([]);
});

test('what only counts is not tuned into acting', async () => {
  await service.create({ name: 'db', watch, params }, 'api');
  const settings = ['schemes[0].action=pageout'];
  await expect(
    askSlotOwner(stateDir, 0, { ask: 'tune', settings, dryRun: false }),
  ).rejects.toMatchObject({ code: 'TC_DENIED' });
  expect(action()).toBe('stat');
});

test('while others have slots, none is made and nothing of theirs changes', async () => {
  await fake.write(`${ADMIN_FOLDER}/kdamonds/nr_kdamonds`, '1');
  const before = fake.dump();
  await expect(service.create({ name: 'db', watch }, 'api')).rejects.toMatchObject({
    code: 'TC_BUSY',
  });
  expect(fake.dump()).toEqual(before);
  expect(service.monitors()).toEqual([]);
});

test('a restart watches again, and acts no more', async () => {
  const spec = { name: 'db', watch, params, act: 'act' } as const;
  const [bootId, startTicks] = [currentBootId(), { [process.pid]: me.startTicks }];
  await service.resumeStored([{ spec, paused: false, bootId, startTicks }]);
  expect(action()).toBe('stat');
  const reused = { ...spec, name: 'reused' };
  await service.resumeStored([
    { spec: reused, paused: false, bootId, startTicks: { [process.pid]: 1 } },
  ]);
  expect(service.monitors().map(({ name }) => name)).toEqual(['db']);
});

describe('what is watched', () => {
  test.each<[object, boolean]>([
    [{ pids: [7] }, true],
    [{ cgroup: '/db' }, true],
    [{ physical: {} }, true],
    [{ physical: { node: [0], zone: ['Normal'] }, cgroup: '/db' }, true],
    [{}, false],
    [{ pids: [7], cgroup: '/db' }, false],
    [{ pids: [7], physical: {} }, false],
    [{ pids: [] }, false],
    [{ pids: [7], file: '/etc/passwd' }, false],
  ])('%j: %s', (subject, isTaken) => {
    expect(watchSchema.safeParse({ kind: 'kernel', ...subject }).success).toBe(isTaken);
  });

  test('is by the parameters that the commands make', () => {
    const roots = { proc: '/proc', sys: '/nowhere', cgroup: '/nowhere' };
    const open = monitorOpener(roots, stateDir, () => expect.fail('nothing is simulated'));
    const prepared = open({ name: 'db', watch, params, act: 'act' }, 'api');
    expect(prepared.params).toEqual(
      kernelProcessParams(parseParams(params, 'params'), 'params')([process.pid]),
    );
    expect(prepared.steps(prepared.params)).toEqual([
      'DAMON in the kernel: pageout by the monitor db',
    ]);
    expect(() => open({ name: 'db', watch, act: 'dry-run' }, 'api')).toThrow('prints the writes');
  });
});
