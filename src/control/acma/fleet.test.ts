import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { FakeQemu } from '../../testing/fake-qemu.ts';
import { AcmaFleet } from './fleet.ts';
import { QemuActuator } from './qemu-actuator.ts';

const MIB = 2 ** 20;
const KNOBS = { minBytes: 256 * MIB, maxBytes: 2048 * MIB, pressureShare: 0.001 };
const BUDGET = 2560 * MIB;

let folder = '';
const guests: FakeQemu[] = [];
const actuators: QemuActuator[] = [];
const clock = new VirtualClock();
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thermocline-fleet-'));
  for (const name of ['a', 'b']) {
    const socketPath = join(folder, name);
    guests.push(await FakeQemu.listen(socketPath, 2048 * MIB, 300 * MIB));
    actuators.push(await QemuActuator.open({ socketPath, knobs: KNOBS, clock }));
  }
});
afterEach(async () => {
  for (const actuator of actuators.splice(0)) await actuator.close();
  for (const guest of guests.splice(0)) await guest[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const startFleet = (budgetBytes: number | null = BUDGET) =>
  AcmaFleet.start({ actuators, knobs: KNOBS, mode: 'run', budgetBytes });
/** What they have, or may have from now on. */
const granted = () =>
  guests.reduce((sum, guest) => sum + Math.max(guest.actualBytes, guest.targetBytes), 0);

async function steps(fleet: AcmaFleet, seconds: number, each = () => {}) {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1e6);
    for (const guest of guests) guest.tick();
    await fleet.step();
    each();
  }
}

test('guests that have more than the budget come down to it, and never pass it again', async () => {
  const fleet = await startFleet();
  await steps(fleet, 30);
  expect(granted()).toBeLessThanOrEqual(BUDGET);
  const [a, b] = guests as [FakeQemu, FakeQemu];
  const within = () => expect(granted()).toBeLessThanOrEqual(BUDGET);
  await steps(fleet, 150, within);
  const settled = a.actualBytes;
  // Load comes to the first.
  a.bytesAStep = 64 * MIB;
  b.bytesAStep = 64 * MIB;
  const load = (guest: FakeQemu, bytes: number) => () => {
    within();
    guest.usedBytes = Math.min(bytes, guest.usedBytes + 100 * MIB, guest.actualBytes);
    if (guest.usedBytes < bytes) guest.majorFaults += 100;
  };
  await steps(fleet, 60, load(a, 1600 * MIB));
  expect(a.usedBytes).toBe(1600 * MIB);
  expect(a.actualBytes).toBeGreaterThan(settled + 1000 * MIB);
  // It goes on to the second, which gets what the first lets go of.
  a.usedBytes = 300 * MIB;
  await steps(fleet, 120, load(b, 1800 * MIB));
  expect(b.usedBytes).toBe(1800 * MIB);
  expect(a.actualBytes).toBeLessThan(700 * MIB);
});

test('a guest that ends is left out, and the other goes on', async () => {
  const fleet = await startFleet();
  await steps(fleet, 30);
  const [a, b] = guests as [FakeQemu, FakeQemu];
  await a[Symbol.asyncDispose]();
  const { reports, lost } = await fleet.step();
  expect(lost.map(({ message }) => message)).toEqual([
    expect.stringMatching(/can't be talked to any more/),
  ]);
  expect(reports).toHaveLength(1);
  expect(fleet.nrGuests).toBe(1);
  // What the first had may still be there: nobody gets it.
  const most = BUDGET - Math.max(a.actualBytes, a.targetBytes);
  b.usedBytes = 2000 * MIB;
  await steps(fleet, 30, () => expect(b.targetBytes).toBeLessThanOrEqual(most));
});

test('a guest that does not answer holds nobody up, and keeps what it was allowed', async () => {
  const fleet = await startFleet();
  await steps(fleet, 120);
  const [a, b] = guests as [FakeQemu, FakeQemu];
  const load = (guest: FakeQemu) => {
    guest.usedBytes = Math.min(1900 * MIB, guest.actualBytes);
    guest.majorFaults += 100;
  };
  load(a);
  a.isDeaf = true;
  const { reports } = await fleet.step();
  expect(reports.map(({ name }) => name)).toEqual([actuators[1]!.name]);
  expect(fleet.nrGuests).toBe(2);
  await steps(fleet, 20, () => load(b));
  a.hear();
  await steps(fleet, 20, () => expect(granted()).toBeLessThanOrEqual(BUDGET));
});

test('a budget below the minimums is refused', async () => {
  await expect(startFleet(500 * MIB)).rejects.toThrow(
    /budget of 500 MiB is below the minimums of all guests, .*, 512 MiB; raise --budget/,
  );
});
