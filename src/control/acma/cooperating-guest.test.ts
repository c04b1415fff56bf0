/** A guest with an agent and a memory device, and what becomes of it when the agent fails. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { resolveRoots } from '../../host/linux/roots.ts';
import { FakeAgent } from '../../testing/fake-agent.ts';
import { FakeQemu } from '../../testing/fake-qemu.ts';
import { stepSeconds } from '../../testing/step-seconds.ts';
import { applyUndo } from '../undo.ts';
import { AcmaLoop } from './acma-loop.ts';
import { AcmaFleet } from './fleet.ts';
import { QemuActuator } from './qemu-actuator.ts';

const MIB = 2 ** 20;
const KNOBS = { minBytes: 256 * MIB, maxBytes: 2048 * MIB, pressureShare: 0.001 };
const BASE = 512 * MIB;

let folder = '';
let socketPath = '';
let qemu: FakeQemu;
let agent: FakeAgent;
let actuator: QemuActuator;
let clock: VirtualClock;
beforeEach(async () => {
  clock = new VirtualClock();
  folder = mkdtempSync(join(tmpdir(), 'thermocline-cooperating-'));
  socketPath = join(folder, 'qmp.sock');
  qemu = await FakeQemu.listen(socketPath, BASE, 300 * MIB);
  qemu.addMemoryDevice(1536 * MIB);
  agent = await FakeAgent.listen(join(folder, 'agent.sock'), qemu);
  actuator = await open();
});
afterEach(async () => {
  await actuator.close();
  await agent[Symbol.asyncDispose]();
  await qemu[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const open = () => QemuActuator.open({ socketPath, knobs: KNOBS, clock, answerLimitMs: 100 });

const steps = (loop: AcmaLoop, seconds: number, each?: () => void) =>
  stepSeconds({ loop, clock, qemu }, seconds, each);

const run = () => new AcmaLoop(actuator, KNOBS, 'run');
const device = () => qemu.memoryDevice!;

test('comes down to what it uses and the headroom, by its memory device, and its balloon stays', async () => {
  const report = await steps(run(), 150);
  // What is no block of the device can't be taken.
  expect([report.sizeBytes, device().pluggedBytes]).toEqual([BASE, 0]);
  const { usedBytes, agentBytes, nrFreeBlocks } = report;
  expect([usedBytes, agentBytes, nrFreeBlocks]).toEqual([300 * MIB, 60 * MIB, 7]);
  expect(report.pressureFrom).toBe("the guest's memory pressure, by its agent");
  expect(qemu.orders.every((order) => order.startsWith('request '))).toBe(true);
});

test('the pressure that its agent tells of has it grow at once', async () => {
  const loop = run();
  qemu.usedBytes = 600 * MIB;
  const { sizeBytes } = await steps(loop, 150);
  expect(sizeBytes).toBe(728 * MIB);
  qemu.usedBytes = 700 * MIB;
  agent.someTotalUs += 50_000;
  const report = await steps(loop, 1);
  expect(report.why).toBe('More time is lost than acceptable.');
  expect(report.pressureShare).toBeCloseTo(0.05, 3);
  expect(device().requestedBytes + BASE).toBeGreaterThanOrEqual((728 + 128) * MIB);
});

test('cold memory leaves before blocks are taken, and what they hold gets room to move', async () => {
  qemu.usedBytes = 1900 * MIB;
  agent.coldBytes = 800 * MIB;
  const report = await steps(run(), 200);
  expect(agent.coldBytes).toBeLessThan(MIB * 4);
  expect(report.sizeBytes).toBeLessThanOrEqual(1250 * MIB);
  expect(report.reclaimedBytes).toBeGreaterThan(796 * MIB);
  expect(agent.orders.every(({ reclaimBytes }) => reclaimBytes <= 128 * MIB)).toBe(true);
});

test('a silent agent never shrinks its guest: back to what was enough, then seen from outside', async () => {
  const loop = run();
  await steps(loop, 14);
  const before = device().requestedBytes;
  expect(before).toBeLessThan(1536 * MIB);
  agent.isSilent = true;
  const sizes: number[] = [];
  const whys = new Set<string>();
  const silent = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      const { why, sizeBytes } = await steps(loop, 1);
      whys.add(why);
      sizes.push(sizeBytes);
    }
  };
  await silent(5);
  expect(whys).toContain('The figures are old: back to what was enough.');
  // Two steps were taken before it could be seen that the figures grow old.
  expect(Math.min(...sizes.slice(3))).toBe(2048 * MIB);
  await silent(3);
  expect(actuator.pressureFrom).toMatch(/^a proxy: .* \(its agent is silent: /);
  expect(whys).not.toContain('The guest is silent: it gets its memory back.');
  agent.isSilent = false;
  await silent(1);
  expect(actuator.pressureFrom).toBe("the guest's memory pressure, by its agent");
});

test('without a balloon to go by, a guest whose agent was killed gets all back', async () => {
  await actuator.close();
  qemu.hasBalloon = false;
  actuator = await open();
  const loop = run();
  await steps(loop, 40);
  expect(device().requestedBytes).toBeLessThan(1024 * MIB);
  agent.isSilent = true;
  const report = await steps(loop, 26);
  expect(report.sizeBytes).toBe(2048 * MIB);
});

test('so it is where the balloon has no driver either', async () => {
  const loop = run();
  await steps(loop, 40);
  agent.isSilent = true;
  qemu.hasDriver = false;
  const { sizeBytes } = await steps(loop, 26);
  expect(sizeBytes).toBe(2048 * MIB);
}, 30_000);

test('a guest of which nobody tells anything can not be begun with', async () => {
  await actuator.close();
  qemu.hasBalloon = false;
  agent.isSilent = true;
  actuator = await open();
  await expect(actuator.observe()).rejects.toThrow(
    /agent of guest .* does not answer, and no balloon's driver does either; start "thermocline/,
  );
});

test('one that answers nonsense is silent', async () => {
  const loop = run();
  await steps(loop, 20);
  for (let nr = 0; nr < 9; nr++) agent.nextLines.push('{"version":1,"id":1e99}');
  await steps(loop, 8);
  expect(actuator.pressureFrom).toMatch(/agent is silent: what it says is no message/);
});

test('whatever a guest says, its size is what QEMU counts, and never above its maximum', async () => {
  const loop = run();
  agent.lies = { availableBytes: Number.MAX_SAFE_INTEGER, coldBytes: 2 ** 50 };
  const report = await steps(loop, 100, () => {
    agent.someTotalUs += 1;
  });
  expect(report.sizeBytes).toBe(BASE + device().pluggedBytes);
  const most = Number.MAX_SAFE_INTEGER;
  agent.lies = { availableBytes: 0, agentBytes: most, nrFreeBlocks: most, reclaimedBytes: most };
  const { sizeBytes, agentBytes, nrFreeBlocks, reclaimedBytes } = await steps(loop, 60, () => {
    agent.someTotalUs += 1e6;
  });
  expect(sizeBytes).toBe(2048 * MIB);
  expect([agentBytes, nrFreeBlocks]).toEqual([2048 * MIB, 1024]);
  expect(reclaimedBytes).toBeLessThanOrEqual(128 * MIB);
});

test('killed between the message and what it was to do, its blocks count until they are gone', async () => {
  const loop = run();
  await steps(loop, 20);
  qemu.bytesAStep = 0;
  const before = device().pluggedBytes;
  const { sizeBytes, overshootBytes } = await steps(loop, 1);
  expect([sizeBytes, overshootBytes]).toEqual([BASE + before, 0]);
  expect(agent.orders).toContainEqual({ reclaimBytes: 0, compact: true });
  const later = await steps(loop, 15);
  expect(later.nrFailed).toBeGreaterThan(0);
  expect(later.sizeBytes).toBe(BASE + before);
});

test('powered off in the middle, the other guest goes on, and what is to be put back is gone', async () => {
  const other = join(folder, 'other.sock');
  await using otherQemu = await FakeQemu.listen(other, 2048 * MIB, 400 * MIB);
  const second = await QemuActuator.open({ socketPath: other, knobs: KNOBS, clock });
  try {
    const actuators = [actuator, second];
    const fleet = await AcmaFleet.start({
      actuators,
      knobs: KNOBS,
      mode: 'run',
      budgetBytes: null,
    });
    const step = async () => {
      clock.advance(1e6);
      for (const guest of [qemu, otherQemu]) guest.tick();
      return fleet.step();
    };
    for (let second = 0; second < 15; second++) await step();
    await Promise.all([qemu[Symbol.asyncDispose](), agent[Symbol.asyncDispose](), step()]);
    await step();
    for (let second = 0; second < 120; second++) await step();
    expect(fleet.nrGuests).toBe(1);
    expect(otherQemu.actualBytes).toBe(528 * MIB);
  } finally {
    await second.close();
  }
  expect(await undone(0)).toMatch(/is gone/);
});

test('what it did is undone by whoever has the journal, as often as one likes', async () => {
  await steps(run(), 60);
  await actuator.close();
  expect(device().requestedBytes).toBeLessThan(1536 * MIB);
  expect(actuator.steps.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^qom-set \/machine\/peripheral\/memory0 requested-size BYTES, to QEMU/),
    expect.stringMatching(/^qom-set \/machine\/peripheral\/balloon0 guest-stats-polling-interval/),
  ]);
  for (const _ of [1, 2]) {
    expect(await undone(0)).toMatch(/may have 1\.5 GiB of its device again/);
    expect(device().pluggedBytes).toBe(1536 * MIB);
  }
});

test('what is no block may be of any size', async () => {
  await actuator.close();
  await qemu[Symbol.asyncDispose]();
  qemu = await FakeQemu.listen(socketPath, BASE + 1.5 * MIB, 300 * MIB);
  qemu.addMemoryDevice(512 * MIB);
  await agent[Symbol.asyncDispose]();
  agent = await FakeAgent.listen(join(folder, 'agent.sock'), qemu);
  actuator = await open();
  const loop = run();
  await steps(loop, 80);
  expect(device().pluggedBytes).toBe(0);
  qemu.usedBytes = 1000 * MIB;
  await steps(loop, 20, () => {
    agent.someTotalUs += 1e5;
  });
  expect(device().pluggedBytes).toBe(512 * MIB);
});

test('what is no block counts in a budget, and a maximum below it is refused', async () => {
  const actuators = [actuator];
  const start = (budgetBytes: number) =>
    AcmaFleet.start({ actuators, knobs: KNOBS, mode: 'run', budgetBytes });
  await expect(start(BASE - 1)).rejects.toThrow(
    /and what can't be taken from them, 512 MiB; raise/,
  );
  expect((await start(BASE)).nrGuests).toBe(1);
  await actuator.close();
  const knobs = { ...KNOBS, minBytes: 0, maxBytes: 256 * MIB };
  await expect(QemuActuator.open({ socketPath, knobs, clock })).rejects.toThrow(
    /--max 256 MiB is below what can't be taken of the guest at .*, 512 MiB; raise --max/,
  );
  actuator = await open();
});

test('other blocks, and a port without a socket, are refused with a way out', async () => {
  await actuator.close();
  device().blockBytes = 4 * MIB;
  await expect(open()).rejects.toThrow(
    /has blocks of 4 MiB; start QEMU with one -device virtio-mem/,
  );
  device().blockBytes = 2 * MIB;
  qemu.agentChardev = 'pty:/dev/pts/1';
  await expect(open()).rejects.toThrow(/is behind "pty:\/dev\/pts\/1"; put a socket/);
  qemu.agentChardev = null;
  qemu.hasBalloon = false;
  await expect(open()).rejects.toThrow(
    /has no balloon; start QEMU with -device virtio-balloon-pci/,
  );
});

test('without an agent, it is sized by its memory device on the word of the balloon driver', async () => {
  await actuator.close();
  qemu.agentChardev = null;
  actuator = await open();
  const report = await steps(run(), 150);
  expect(report.pressureFrom).toMatch(/^a proxy: /);
  expect([report.sizeBytes, qemu.targetBytes]).toEqual([BASE, BASE]);
  expect([agent.orders, device().pluggedBytes]).toEqual([[], 0]);
});

test('without a memory device, it is sized by its balloon on the word of its agent', async () => {
  await actuator.close();
  qemu.memoryDevice = null;
  actuator = await open();
  agent.coldBytes = 100 * MIB;
  const report = await steps(run(), 150);
  expect(report.pressureFrom).toBe("the guest's memory pressure, by its agent");
  // What was cold has left: 200 MiB in use, and the headroom.
  expect([report.sizeBytes, qemu.actualBytes]).toEqual([328 * MIB, 328 * MIB]);
  expect(qemu.orders.every((order) => order.startsWith('balloon '))).toBe(true);
});

function undone(step: number): Promise<string> {
  return applyUndo(actuator.steps[step]!.undo!, {
    roots: resolveRoots({}),
    stateDir: folder,
    owner: { pid: 1, startTicks: 1, bootId: '' },
  });
}
