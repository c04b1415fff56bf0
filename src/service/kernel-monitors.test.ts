/** Monitors of the service that run in the kernel, on a fake of it. */
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeKernelService } from '../../test/service/fake-kernel-service.ts';
import type { Watch } from '../client/api-types.ts';
import { askSlotOwner, type OwnerStatus, type TuneAnswer } from '../control/owner-requests.ts';
import { currentBootId, ownIdentity } from '../host/linux/process-identity.ts';
import { ADMIN_FOLDER, readValue, slotIndexes } from '../kernel/sysfs-files.ts';
import { kernelProcessParams } from '../monitor/kernel-params.ts';
import { slotSocket } from '../monitor/kernel-slots.ts';
import { parseParams } from '../params/parse.ts';
import type { FakeDamonSysfs } from '../testing/fake-damon-sysfs.ts';
import { watchSchema } from './api/schemas.ts';
import { MonitorStore } from './monitor-store.ts';
import { monitorOpener } from './open-monitor.ts';
import type { Service } from './service.ts';
import { Trials } from './trial/trials.ts';

const me = ownIdentity();
const watch: Watch = { kind: 'kernel', pids: [process.pid] };
const params = { schemes: [{ action: 'pageout', quota: { sizeBytes: '1 MiB' } }] };

let kernel: FakeKernelService;
let stateDir: string;
let fake: FakeDamonSysfs;
let service: Service;
beforeEach(() => {
  kernel = new FakeKernelService();
  ({ stateDir, fake, service } = kernel);
});
afterEach(() => kernel[Symbol.asyncDispose]());

const action = () => kernel.value('contexts/0/schemes/0/action');

test('the service owns their slots, and leaves the kernel as it was', async () => {
  const monitor = await service.create({ name: 'db', watch, params }, 'api');
  expect(kernel.slotsOn()).toEqual([0]);
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
  const bytes = () => kernel.value('contexts/0/schemes/0/quotas/bytes');
  expect(bytes()).toBe(String(2 ** 20));
  await askSlotOwner(stateDir, 0, { ...asked, dryRun: false });
  expect(bytes()).toBe(String(2 ** 21));
  expect(service.monitor('db').params.schemes[0]!.quota.sizeBytes).toBe(2 ** 21);
  await askSlotOwner(stateDir, 0, { ask: 'stop' });
  await expect.poll(() => service.monitors().length, { timeout: 60_000 }).toBe(0);
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

test('targets may be those of the parameters, and are looked at again after a restart', async () => {
  const targets = [{ pid: process.pid, regions: [{ start: 4096, end: 2 ** 24 }] }];
  const spec = {
    ...{ name: 'range', watch: { kind: 'kernel' } as const },
    params: { operations: 'fvaddr', targets, ...params },
  };
  const monitor = await service.create(spec, 'api');
  expect(monitor.view()).toMatchObject({
    operationsSet: 'fvaddr',
    slot: { number: 0, kdamondPid: 1000, ownerPid: process.pid },
  });
  expect(kernel.value('contexts/0/targets/0/regions/0/end')).toBe(String(2 ** 24));
  const stored = new MonitorStore(stateDir).load();
  expect(stored[0]!.startTicks).toEqual({ [process.pid]: me.startTicks });
  await service.remove('range');
  const reused = { ...stored[0]!, startTicks: { [process.pid]: 1 } };
  await service.resumeStored([reused]);
  expect(service.monitors()).toEqual([]);
  await service.resumeStored(stored);
  expect(service.monitors().map(({ name }) => name)).toEqual(['range']);
});

test('DAMON_STAT is handed over only where that is asked for, and is on again at the end', async () => {
  await using busy = new FakeKernelService({ statAtBoot: true });
  const isOn = () => readValue(busy.fake, 'module/damon_stat/parameters/enabled');
  await expect(busy.service.create({ name: 'db', watch }, 'api')).rejects.toThrow(
    "The kernel's module damon_stat runs",
  );
  expect(isOn()).toBe('Y');
  const asking: Watch = { ...watch, handover: 'damon_stat' };
  await busy.service.create({ name: 'db', watch: asking }, 'api');
  expect([isOn(), busy.slotsOn()]).toEqual(['N', [0]]);
  await busy.service.remove('db');
  expect([isOn(), slotIndexes(busy.fake)]).toEqual(['Y', []]);
});

test('a shadow of what only counts has the action that is tried', async () => {
  const monitor = await service.create({ name: 'db', watch }, 'api');
  const trials = new Trials(() => ({
    poolBytes: 0,
    swapIsCompressed: false,
    swapUsedBytes: 0,
    faultUs: 0,
  }));
  const shadow = trials.beginShadow(monitor, params);
  expect(shadow.params.schemes[0]!.action).toBe('pageout');
  expect(monitor.params.schemes).toEqual([]);
});

describe('what is watched', () => {
  test.each<[object, boolean]>([
    [{ pids: [7] }, true],
    [{ cgroup: '/db' }, true],
    [{ physical: {} }, true],
    [{ physical: { node: [0], zone: ['Normal'] }, cgroup: '/db' }, true],
    [{}, true],
    [{ handover: 'damon_stat' }, true],
    [{ handover: 'damon_reclaim' }, false],
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
