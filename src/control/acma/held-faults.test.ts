/** Blocks that a guest says it holds, and all that can go wrong before the host has them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HELD_BLOCK_BYTES as BLOCK } from '../../host/linux/held-pattern.ts';
import { HeldRig } from '../../testing/held-rig.ts';
import { applyUndo } from '../undo.ts';

let rig: HeldRig;
beforeEach(async () => {
  rig = await HeldRig.start();
});
afterEach(() => rig[Symbol.asyncDispose]());

test.each([0, 1_000_000, BLOCK - 1])('one other byte at %d of a block: it stays', async (byte) => {
  rig.memory.afterFill = (address) => {
    if (address === rig.at(1)) rig.memory.write(address + byte, Buffer.of(0x5b));
  };
  await rig.hold(4);
  expect(rig.held.counts).toMatchObject({
    nrHeld: 3,
    nrRefused: 1,
    trouble: 'a block is not what the guest was told to make of it',
  });
  expect(rig.nrResident).toBe(21);
  // The guest has it back.
  expect(rig.memory.held.has(rig.at(1))).toBe(false);
  expect(rig.isSettled).toBe(true);
});

test('one that the kernel of the guest moved between the message and the pause stays', async () => {
  rig.qemu.onStop = () => rig.memory.write(rig.at(2), Buffer.alloc(BLOCK, 0x77));
  await rig.hold(4);
  expect(rig.held.counts).toMatchObject({ nrHeld: 3, nrRefused: 1 });
  expect(rig.isSettled).toBe(true);
});

test('wrong maps lose nothing: what is there is not what it should be', async () => {
  rig.qemu.rams[0]!.hostAddress += 4096;
  await rig.hold(4);
  expect([rig.held.counts.nrHeld, rig.nrResident]).toEqual([0, 24]);
  rig.qemu.rams[0]!.hostAddress += BLOCK - 4096;
  await rig.hold(4);
  expect([rig.held.counts.nrHeld, rig.nrResident]).toEqual([0, 24]);
  rig.qemu.rams[0]!.hostAddress -= BLOCK;
  rig.memory.map('rw-p', rig.ramBytes);
  await rig.hold(4);
  expect(rig.held.counts.trouble).toBe('its memory is not shared (share=on)');
  rig.memory.map('rw-s', BLOCK);
  rig.memory.free.sort((a, b) => a - b);
  await rig.hold(2);
  expect(rig.held.counts.trouble).toMatch(/^process 4242 maps nothing where QEMU has 0x1\d+$/);
  expect(rig.held.counts.nrHeld).toBe(1);
  expect(rig.isSettled).toBe(true);
});

test('what a guest names beside what it was asked for, twice, or nowhere is refused', async () => {
  await rig.hold(2);
  rig.memory.lies = (all) => [...all, rig.at(20), rig.at(21)];
  await rig.hold(4);
  expect(rig.held.counts).toMatchObject({ nrHeld: 4, nrRefused: 2 });
  rig.memory.lies = () => [rig.at(0)];
  await rig.hold(5);
  expect(rig.held.counts).toMatchObject({ nrHeld: 4, nrRefused: 3 });
  rig.memory.lies = () => [rig.at(24)];
  await rig.hold(5);
  expect(rig.held.counts.trouble).toMatch(/QEMU has no memory at 0x103000000/);
  // Of the wire, not of a block.
  rig.memory.lies = () => [rig.at(9), rig.at(9)];
  await rig.hold(5);
  expect(rig.held.counts).toMatchObject({
    nrHeld: 4,
    nrRefused: 4,
    trouble: expect.stringMatching(/"blocks" has a block twice$/),
  });
  expect(rig.nrResident).toBe(20);
});

test('an agent killed between the message and the pause leaves its files, or nothing to take', async () => {
  rig.qemu.onStop = () => rig.agent.cut();
  await rig.hold(4);
  expect(rig.held.counts).toMatchObject({ nrHeld: 4 });
  // Its machine has used them for something else meanwhile.
  rig.qemu.onStop = () => {
    rig.agent.cut();
    for (const address of [rig.at(4), rig.at(5)]) {
      rig.memory.held.delete(address);
      rig.memory.write(address, Buffer.alloc(BLOCK, 1));
    }
  };
  await rig.hold(6);
  expect(rig.held.counts).toMatchObject({ nrHeld: 4, nrRefused: 2 });
  expect(rig.nrResident).toBe(20);
  rig.qemu.onStop = null;
  expect(rig.isSettled).toBe(true);
});

test('a line that is cut while the guest is stopped: it goes on by another one', async () => {
  rig.qemu.onStop = () => rig.qemu.cut();
  await expect(rig.hold(4)).rejects.toThrow(/can't be talked to any more/);
  expect(rig.qemu.isRunning).toBe(true);
  // Nothing was compared, so nothing was taken.
  expect(rig.nrResident).toBe(24);
  rig.disconnect();
  rig.qemu.onStop = null;
  await rig.connect();
  await rig.look();
  expect(rig.memory.held.size).toBe(0);
});

test('whoever finds the journal has a guest go on that is still stopped, and no other', async () => {
  const scene = {
    roots: rig.memory.tree.roots,
    stateDir: rig.folder,
    owner: { pid: 1, startTicks: 1, bootId: '' },
  };
  const undo = { pausedGuest: rig.socketPath };
  rig.journal.record({ text: 'stop', undo });
  rig.journal.reload();
  expect(rig.journal.pending).toMatchObject([{ undo }]);
  rig.disconnect();
  rig.qemu.isRunning = false;
  for (const _ of [1, 2]) {
    expect(await applyUndo(undo, scene)).toMatch(/is not paused/);
    expect(rig.qemu.isRunning).toBe(true);
  }
  expect(rig.qemu.orders).toEqual(['cont']);
  await rig.qemu[Symbol.asyncDispose]();
  expect(await applyUndo(undo, scene)).toMatch(/is gone/);
});

test('powered off in the middle: an error, and no pause that nobody could end', async () => {
  rig.qemu.onStop = () => void rig.qemu[Symbol.asyncDispose]();
  await expect(rig.hold(4)).rejects.toThrow(/QEMU at/);
  expect(rig.nrResident).toBe(24);
});

test('a guest that somebody else has paused is left paused', async () => {
  rig.qemu.isRunning = false;
  await rig.hold(4);
  expect([rig.qemu.isRunning, rig.qemu.orders, rig.held.counts.nrHeld]).toEqual([false, [], 0]);
  expect(rig.nrResident).toBe(24);
});

test('is refused where others reach the memory, and while it is on its way elsewhere', async () => {
  const why = async () => ((await rig.open().catch((error: Error) => error)) as Error).message;
  rig.qemu.deviceTypes.push('vfio-pci');
  expect(await why()).toMatch(/peripheral\/vfio-pci reaches its memory by itself; leave --hold-b/);
  rig.qemu.deviceTypes[0] = 'vhost-user-fs-pci';
  expect(await why()).toMatch(/vhost-user-fs-pci reaches/);
  rig.qemu.deviceTypes.length = 0;
  rig.qemu.networks = 'net0: index=0,type=vhost-user,chardev=c\r\n';
  expect(await why()).toMatch(/a network of it reaches its memory by itself/);
  rig.qemu.networks = 'net0: index=0,type=tap,vhost=on\r\n';
  rig.qemu.diskDrivers.push('nvme');
  expect(await why()).toMatch(/a disk of it reaches its memory by itself/);
  rig.qemu.diskDrivers.pop();
  rig.qemu.confidential = '/objects/sev0';
  expect(await why()).toMatch(/its memory is confidential/);
  rig.qemu.confidential = '';
  rig.qemu.migration = 'postcopy-paused';
  expect(await why()).toMatch(/it is being migrated/);
  rig.qemu.migration = 'none';
  rig.qemu.isShared = false;
  expect(await why()).toMatch(/its memory is not shared \(share=on\); leave/);
  rig.qemu.isShared = true;
  rig.memory.tree.write('proc/net/unix', '');
  expect(await why()).toMatch(/no process that can be looked at listens there; run as QEMU's user/);
});

test('what begins during a run holds it back for as long as it lasts', async () => {
  await rig.hold(2);
  rig.qemu.jobTypes.push('snapshot-save');
  await rig.hold(4);
  expect(rig.held.counts).toMatchObject({ nrHeld: 2, trouble: 'a snapshot is being taken' });
  rig.qemu.jobTypes.length = 0;
  expect(await rig.look()).toBe(4);
});

test('a migration that begins while the guest fills its blocks: they stay', async () => {
  rig.memory.afterFill = () => {
    rig.qemu.migration = 'setup';
  };
  await rig.hold(4);
  expect(rig.held.counts).toMatchObject({
    nrHeld: 0,
    nrRefused: 0,
    trouble: 'it is being migrated',
  });
  expect([rig.nrResident, rig.memory.held.size]).toEqual([24, 0]);
  expect(rig.isSettled).toBe(true);
});

test('an agent that may not hold blocks says so, and nothing is taken', async () => {
  rig.agent.blocks = null;
  await rig.hold(4);
  expect(rig.held.counts).toMatchObject({ nrHeld: 0, trouble: 'it refuses: no' });
});
