import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { resolveRoots } from '../../host/linux/roots.ts';
import { FakeQemu } from '../../testing/fake-qemu.ts';
import { stepSeconds } from '../../testing/step-seconds.ts';
import { applyUndo } from '../undo.ts';
import { AcmaLoop } from './acma-loop.ts';
import { QemuActuator } from './qemu-actuator.ts';

const MIB = 2 ** 20;
const KNOBS = { minBytes: 256 * MIB, maxBytes: 2048 * MIB, pressureShare: 0.001 };

let folder = '';
let socketPath = '';
let qemu: FakeQemu;
let actuator: QemuActuator;
const clock = new VirtualClock();
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thermocline-balloon-'));
  socketPath = join(folder, 'qmp.sock');
  qemu = await FakeQemu.listen(socketPath, 2048 * MIB, 400 * MIB);
  actuator = await QemuActuator.open({ socketPath, knobs: KNOBS, clock });
});
afterEach(async () => {
  await actuator.close();
  await qemu[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const steps = (loop: AcmaLoop, seconds: number, each?: () => void) =>
  stepSeconds({ loop, clock, qemu }, seconds, each);

test('a calm guest comes down to what it uses and the headroom, never faster than 128 MiB a second', async () => {
  const loop = new AcmaLoop(actuator, KNOBS, 'run');
  let before = qemu.actualBytes;
  const report = await steps(loop, 150, () => {
    expect(before - qemu.actualBytes).toBeLessThanOrEqual(128 * MIB);
    before = qemu.actualBytes;
  });
  // 400 MiB and 128 of headroom, in whole blocks.
  expect(report.sizeBytes).toBe(528 * MIB);
  expect(qemu.actualBytes).toBe(528 * MIB);
  expect(report.pressureFrom).toMatch(/^a proxy: /);
});

test('a guest that has to wait for its disk gets memory at once', async () => {
  const loop = new AcmaLoop(actuator, KNOBS, 'run');
  await steps(loop, 150);
  qemu.usedBytes = 600 * MIB;
  qemu.majorFaults += 500;
  const report = await steps(loop, 1);
  expect(report.why).toBe('More time is lost than acceptable.');
  expect(report.pressureShare).toBeCloseTo(0.05, 3);
  expect(qemu.targetBytes).toBeGreaterThan(600 * MIB);
});

test('what is in use stays, and a tenth of it beside, whatever the maximum', async () => {
  const loop = new AcmaLoop(actuator, KNOBS, 'run');
  for (let second = 0; second < 30; second++) {
    clock.advance(1e6);
    qemu.tick();
    await loop.step(256 * MIB);
  }
  expect(qemu.actualBytes).toBe(440 * MIB);
});

test('a balloon that gives way by itself leaves its guest more than it may have, and that is told', async () => {
  const loop = new AcmaLoop(actuator, KNOBS, 'run');
  await steps(loop, 150);
  qemu.actualBytes += 40 * MIB;
  qemu.usedBytes += 140 * MIB;
  clock.advance(1e6);
  const report = await loop.step(qemu.targetBytes);
  expect(report.sizeBytes).toBe(qemu.targetBytes);
  expect(report.overshootBytes).toBe(40 * MIB);
  qemu.usedBytes -= 140 * MIB;
  const { sizeBytes, overshootBytes } = await steps(loop, 30);
  expect([sizeBytes, overshootBytes]).toEqual([528 * MIB, 0]);
});

test('blocks that a slow driver does not let go of are counted, and asked for no more', async () => {
  const loop = new AcmaLoop(actuator, KNOBS, 'run');
  qemu.bytesAStep = 0;
  const report = await steps(loop, 40);
  expect(report.nrFailed).toBeGreaterThan(0);
  expect(report.sizeBytes).toBe(2048 * MIB);
  expect(qemu.targetBytes).toBeGreaterThanOrEqual(2048 * MIB - 128 * MIB);
});

test('a guest that is paused, or on its way to another host, is not taken from', async () => {
  const loop = new AcmaLoop(actuator, KNOBS, 'run');
  qemu.migration = 'active';
  const report = await steps(loop, 60);
  expect([report.why, report.sizeBytes]).toEqual(['The guest is being migrated.', 2048 * MIB]);
  qemu.migration = 'none';
  qemu.isRunning = false;
  expect((await steps(loop, 3)).why).toBe('The guest is paused.');
});

test('one that falls silent gets its memory back', async () => {
  const loop = new AcmaLoop(actuator, KNOBS, 'run');
  await steps(loop, 100);
  qemu.pollingSeconds = 0;
  const report = await steps(loop, 40);
  expect(report.sizeBytes).toBe(2048 * MIB);
});

test('a plan and a shadow set no balloon, and how often the guest is asked is put back', async () => {
  const report = await steps(new AcmaLoop(actuator, KNOBS, 'shadow'), 150);
  expect(report.sizeBytes).toBe(528 * MIB);
  await actuator.close();
  expect(qemu.orders).toEqual(['poll 1', 'poll 0']);
});

test('what it did is undone by whoever has the journal', async () => {
  const scene = {
    roots: resolveRoots({}),
    stateDir: folder,
    owner: { pid: 1, startTicks: 1, bootId: '' },
  };
  await steps(new AcmaLoop(actuator, KNOBS, 'run'), 60);
  await actuator.close();
  const { undo } = actuator.steps[0]!;
  expect(await applyUndo(undo!, scene)).toMatch(/leaves its guest 2 GiB again/);
  expect([qemu.targetBytes, qemu.pollingSeconds]).toEqual([2048 * MIB, 0]);
  await qemu[Symbol.asyncDispose]();
  expect(await applyUndo(undo!, scene)).toMatch(/is gone/);
});

test('a guest without a balloon, or too small for its minimum, is refused', async () => {
  await actuator.close();
  const knobs = { ...KNOBS, minBytes: 4096 * MIB, maxBytes: 4096 * MIB };
  await expect(QemuActuator.open({ socketPath, knobs })).rejects.toThrow(
    /--min 4 GiB is above the memory of the guest at .*, 2 GiB; lower --min/,
  );
  qemu.hasBalloon = false;
  await expect(QemuActuator.open({ socketPath, knobs: KNOBS })).rejects.toMatchObject({
    code: 'TC_UNSUPPORTED',
    message: expect.stringMatching(/has no balloon; start QEMU with/),
  });
});
