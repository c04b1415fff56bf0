/** A fake guest with an agent that holds blocks, what has the host have them, and a journal. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '../base/clock.ts';
import type { HeldJournal } from '../control/acma/block-taker.ts';
import type { HeldBlocks } from '../control/acma/held-blocks.ts';
import { holdBlocks } from '../control/acma/hold-blocks.ts';
import { Journal } from '../control/journal.ts';
import { AgentLink } from '../host/linux/agent-link.ts';
import { HELD_BLOCK_BYTES } from '../host/linux/held-pattern.ts';
import { Qmp } from '../host/linux/qmp.ts';
import { FakeAgent } from './fake-agent.ts';
import { FakeGuestMemory } from './fake-guest-memory.ts';
import { FakeQemu } from './fake-qemu.ts';

const NR_BLOCKS = 24;
/** Above the hole below 4 GiB, so that an address is no offset. */
const ADDRESS = 2 ** 32;

/** Whole, and replaced where a run ends and another one comes. */
export class HeldRig implements AsyncDisposable {
  readonly ramBytes: number = NR_BLOCKS * HELD_BLOCK_BYTES;
  readonly clock: VirtualClock = new VirtualClock();
  readonly folder: string = mkdtempSync(join(tmpdir(), 'thermocline-held-'));
  readonly socketPath: string = join(this.folder, 'qmp');
  qemu!: FakeQemu;
  agent!: FakeAgent;
  memory!: FakeGuestMemory;
  journal: Journal = Journal.create(this.folder, 'held');
  link!: AgentLink;
  held!: HeldBlocks;
  #qmp!: Qmp;

  /** All of its memory is in use by programs, and then free. */
  static async start(): Promise<HeldRig> {
    const rig = new HeldRig();
    rig.qemu = await FakeQemu.listen(rig.socketPath, rig.ramBytes, 0);
    rig.agent = await FakeAgent.listen(join(rig.folder, 'agent'), rig.qemu);
    rig.memory = new FakeGuestMemory(rig.qemu, rig.socketPath, ADDRESS, rig.ramBytes);
    rig.memory.addFree(NR_BLOCKS);
    rig.agent.blocks = rig.memory;
    await rig.connect();
    return rig;
  }

  /** Where the guest has a block. */
  at(nr: number): number {
    return ADDRESS + nr * HELD_BLOCK_BYTES;
  }

  /** Has the guest hold so many blocks. */
  async hold(nrBlocks: number): Promise<void> {
    await this.held.setSize(this.ramBytes - nrBlocks * HELD_BLOCK_BYTES);
  }

  /** Goes on by what was ordered; returns how many blocks the guest holds then. */
  async look(): Promise<number> {
    return (this.ramBytes - (await this.held.sizeBytes())) / HELD_BLOCK_BYTES;
  }

  /** Blocks of the guest that take memory of the host. */
  get nrResident(): number {
    return this.memory.allocatedBytes / HELD_BLOCK_BYTES;
  }

  /** Nothing of the ledger is in between, the guest runs, and no pause is left to be ended. */
  get isSettled(): boolean {
    const known = this.journal.blocks('guest');
    const { held } = this.memory;
    const isKnown =
      known.size === held.size && [...held].every((one) => known.get(one) === 'taken');
    return isKnown && this.qemu.isRunning && this.journal.pending.length === 0;
  }

  /** As a run does that begins. */
  async connect(): Promise<void> {
    this.#qmp = await Qmp.open(this.socketPath);
    this.link = new AgentLink({
      ...{ socketPath: join(this.folder, 'agent'), clock: this.clock },
      answerLimitMs: 200,
    });
    this.held = await this.open();
  }

  /** What has the host have blocks; changes nothing yet. */
  open(): Promise<HeldBlocks> {
    return holdBlocks({
      ...{ name: 'guest', roots: this.memory.tree.roots, clock: this.clock },
      ...{ qmp: this.#qmp, link: this.link, journal: this.#notes },
    });
  }

  /** As a run does that is killed. */
  disconnect(): void {
    this.#qmp[Symbol.dispose]();
    this.link[Symbol.dispose]();
    this.journal[Symbol.dispose]();
    this.journal = Journal.create(this.folder, 'held');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disconnect();
    this.journal[Symbol.dispose]();
    this.memory[Symbol.dispose]();
    await this.agent[Symbol.asyncDispose]();
    await this.qemu[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true });
  }

  /** As `ActingSession` writes things down. */
  get #notes(): HeldJournal {
    return {
      during: async (step, work) => {
        this.journal.record(step);
        const result = await work();
        this.journal.markUndone(step);
        return result;
      },
      recordBlocks: (entry) => this.journal.recordBlocks(entry),
    };
  }
}
