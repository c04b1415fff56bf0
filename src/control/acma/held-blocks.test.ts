/** Blocks that a guest holds, given back to the host, from order to order. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HeldRig } from '../../testing/held-rig.ts';

let rig: HeldRig;
beforeEach(async () => {
  rig = await HeldRig.start();
});
afterEach(() => rig[Symbol.asyncDispose]());

test('takes what the guest holds, exactly that, and the host has it', async () => {
  expect(rig.nrResident).toBe(24);
  await rig.hold(10);
  expect(await rig.look()).toBe(10);
  expect(rig.nrResident).toBe(14);
  expect(rig.held.counts).toMatchObject({ nrHeld: 10, nrRefused: 0, nrCameBack: 0, trouble: null });
  expect(rig.isSettled).toBe(true);
  // No pause is for more than four.
  expect(rig.qemu.orders).toEqual(Array.from({ length: 3 }, () => ['stop', 'cont']).flat());
  await rig.hold(3);
  expect([...rig.memory.held]).toEqual([rig.at(7), rig.at(8), rig.at(9)]);
  expect(await rig.look()).toBe(3);
  expect(rig.isSettled).toBe(true);
  await rig.held.close();
  expect(rig.memory.held.size).toBe(0);
  expect(rig.journal.blocks('guest').size).toBe(0);
});

test('a large order goes on with each step, as far as the guest can', async () => {
  await rig.hold(24);
  expect(rig.held.counts.nrHeld).toBe(16);
  expect(await rig.look()).toBe(24);
  expect([rig.nrResident, rig.held.counts.trouble]).toEqual([0, null]);
});

test('what comes back is found each minute, told, and let go of', async () => {
  await rig.hold(6);
  rig.memory.write(rig.at(3) + 4096, Buffer.of(1));
  rig.memory.held.delete(rig.at(4));
  expect(await rig.look()).toBe(6);
  rig.clock.advance(60e6);
  expect(await rig.look()).toBe(4);
  expect(rig.held.counts).toMatchObject({ nrHeld: 4, nrRefused: 0, nrCameBack: 2 });
  expect([...rig.memory.held]).toEqual([rig.at(0), rig.at(1), rig.at(2), rig.at(5)]);
  expect(rig.isSettled).toBe(true);
});

test('a run that was killed: the next one keeps what is away, and lets go of what is not', async () => {
  await rig.hold(5);
  // Named, and never taken.
  rig.memory.hold(2, '00'.repeat(16));
  rig.disconnect();
  await rig.connect();
  expect(await rig.look()).toBe(5);
  expect(rig.memory.held.size).toBe(5);
  expect(rig.isSettled).toBe(true);
});

test('an order that gets nowhere is given up after ten seconds, until the next one', async () => {
  const others = rig.memory.free.splice(2);
  await rig.hold(4);
  rig.clock.advance(9e6);
  await rig.look();
  expect(rig.held.counts).toMatchObject({ nrHeld: 2, trouble: 'the guest has no more' });
  rig.clock.advance(1e6);
  await rig.look();
  rig.memory.free.push(...others);
  expect(await rig.look()).toBe(2);
  await rig.hold(4);
  expect(rig.held.counts).toMatchObject({ nrHeld: 4, trouble: null });
});

test('an agent that lets go of all by itself is seen at its next report', async () => {
  await rig.hold(4);
  rig.memory.releaseAll();
  rig.memory.free.length = 0;
  expect(await rig.look()).toBe(4);
  rig.clock.advance(1e6);
  await rig.link.ask({ reclaimBytes: 0, compact: false });
  expect(await rig.look()).toBe(0);
  expect(rig.held.counts).toMatchObject({ nrHeld: 0, nrCameBack: 4 });
});

test('a silent agent is not waited for, and what it did not let go of is tried again', async () => {
  await rig.link.ask({ reclaimBytes: 0, compact: false });
  await rig.hold(4);
  rig.agent.isSilent = true;
  await rig.hold(0);
  expect(rig.held.counts.nrHeld).toBe(4);
  rig.clock.advance(4e6);
  const asked = vi.spyOn(rig.link, 'askBlocks');
  await rig.look();
  expect(asked).not.toHaveBeenCalled();
  rig.agent.isSilent = false;
  await rig.link.ask({ reclaimBytes: 0, compact: false });
  expect(await rig.look()).toBe(0);
  expect(rig.memory.held.size).toBe(0);
});
