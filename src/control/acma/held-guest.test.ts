/** A guest that is scaled by blocks that its agent holds, from look to look. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { FakeAgent } from '../../testing/fake-agent.ts';
import { FakeGuestMemory } from '../../testing/fake-guest-memory.ts';
import { FakeQemu } from '../../testing/fake-qemu.ts';
import { stepSeconds } from '../../testing/step-seconds.ts';
import { AcmaLoop } from './acma-loop.ts';
import type { HeldJournal } from './block-taker.ts';
import { QemuActuator } from './qemu-actuator.ts';

const MIB = 2 ** 20;
const KNOBS = { minBytes: 128 * MIB, maxBytes: 512 * MIB, pressureShare: 0.001 };
const journal: HeldJournal = { during: (_, work) => work(), recordBlocks: () => {} };

test('comes down by what it holds, has it back at once, and all of it in the end', async () => {
  const clock = new VirtualClock();
  const folder = mkdtempSync(join(tmpdir(), 'thermocline-held-guest-'));
  const socketPath = join(folder, 'qmp');
  await using qemu = await FakeQemu.listen(socketPath, 512 * MIB, 100 * MIB);
  await using agent = await FakeAgent.listen(join(folder, 'agent'), qemu);
  using memory = new FakeGuestMemory(qemu, socketPath, 0, 512 * MIB);
  memory.addFree(180);
  agent.blocks = memory;
  const { roots } = memory.tree;
  const open = (holding: { roots: typeof roots; journal: HeldJournal | null }) =>
    QemuActuator.open({ socketPath, knobs: KNOBS, clock, holding });

  // Who only looks lets go of nothing that is held.
  const looking = await open({ roots, journal: null });
  memory.hold(1, '0'.repeat(32));
  expect((await looking.observe()).sizeBytes).toBe(512 * MIB);
  expect(looking.steps[0]).toMatchObject({
    text: expect.stringMatching(/^agent: hold BLOCKS; stop/),
  });
  await looking.close();
  expect(memory.held.size).toBe(1);

  const actuator = await open({ roots, journal });
  const loop = new AcmaLoop(actuator, KNOBS, 'run');
  const each = () => {
    // As the guest's kernel counts it.
    agent.lies = { availableBytes: 412 * MIB - memory.held.size * 2 * MIB };
  };
  const calm = await stepSeconds({ loop, clock, qemu }, 60, each);
  // What it uses, and the headroom.
  expect(calm.sizeBytes).toBe(228 * MIB);
  expect(calm.held).toMatchObject({ nrHeld: 142, nrRefused: 0, nrCameBack: 0 });
  expect(memory.allocatedBytes).toBe((180 - 142) * 2 * MIB);
  expect(qemu.targetBytes).toBe(512 * MIB);

  agent.someTotalUs += 50_000;
  const pressed = await stepSeconds({ loop, clock, qemu }, 1, each);
  expect(pressed.why).toBe('More time is lost than acceptable.');
  expect(memory.held.size).toBeLessThan(142);

  await actuator.close();
  expect(memory.held.size).toBe(0);
  rmSync(folder, { recursive: true });
});
