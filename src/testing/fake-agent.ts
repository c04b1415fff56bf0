/** The agent of a fake guest, behind a socket as QEMU serves it; tests have it fail in all ways. */
import { createServer, type Server, type Socket } from 'node:net';
import type { AgentOrder, AgentReport, BlockOrder } from '../host/linux/agent-messages.ts';
import type { BlockKeeper } from '../host/linux/held-files.ts';
import type { FakeQemu } from './fake-qemu.ts';

/** Its fields are the agent: tests set them, and clients see them. */
export class FakeAgent implements AsyncDisposable {
  /** It was killed, or hangs: what is said to it is lost. */
  isSilent = false;
  someTotalUs = 0;
  coldBytes = 0;
  /** What it says of its guest instead of what is true. */
  lies: Partial<AgentReport> = {};
  /** What holds blocks in it; null: it holds none. */
  blocks: BlockKeeper | null = null;
  /** Says these instead of an answer, one after the other. */
  readonly nextLines: string[] = [];
  /** What it was asked to do. */
  readonly orders: Omit<AgentOrder, 'id'>[] = [];
  readonly #qemu: FakeQemu;
  readonly #clients = new Set<Socket>();
  readonly #server: Server;
  #reclaimedBytes = 0;

  /** Listens at `path`, and is what `qemu` has behind the port of its agent. */
  static async listen(path: string, qemu: FakeQemu): Promise<FakeAgent> {
    const fake = new FakeAgent(qemu);
    qemu.agentChardev = `disconnected:unix:${path},server=on`;
    await new Promise<void>((resolve) => fake.#server.listen(path, resolve));
    return fake;
  }

  private constructor(qemu: FakeQemu) {
    this.#qemu = qemu;
    this.#server = createServer((socket) => {
      this.#clients.add(socket);
      let text = '';
      socket.on('error', () => {});
      socket.on('close', () => this.#clients.delete(socket));
      socket.setEncoding('utf8').on('data', (piece: string) => {
        const lines = (text + piece).split('\n');
        text = lines.pop()!;
        for (const line of lines.filter(Boolean)) this.#answer(socket, line);
      });
    });
  }

  /** What it says by itself, to whoever is there. */
  say(bytes: string | Uint8Array): void {
    for (const socket of this.#clients) socket.write(bytes);
  }

  /** Cuts the line; the next client is served. */
  cut(): void {
    for (const socket of this.#clients) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(socket: Socket, line: string): void {
    if (this.isSilent) return;
    const order = JSON.parse(line) as AgentOrder | BlockOrder;
    if (!('compact' in order)) {
      const blocks = this.blocks === null ? null : onBlocks(this.blocks, order);
      const answer = blocks === null ? { error: 'no' } : { blocks };
      socket.write(`${JSON.stringify({ version: 1, id: order.id, ...answer })}\n`);
      return;
    }
    const { id, reclaimBytes, compact } = order;
    if (reclaimBytes > 0 || compact) this.orders.push({ reclaimBytes, compact });
    this.#reclaimedBytes += Math.min(reclaimBytes, this.coldBytes);
    this.#qemu.usedBytes -= Math.min(reclaimBytes, this.coldBytes);
    this.coldBytes -= Math.min(reclaimBytes, this.coldBytes);
    const said =
      this.nextLines.shift() ?? JSON.stringify({ version: 1, id, report: this.#report() });
    socket.write(`${said}\n`);
  }

  #report(): AgentReport {
    const { sizeBytes, usedBytes } = this.#qemu;
    const freeBytes = Math.max(0, sizeBytes - usedBytes);
    return {
      ...{ freeBytes, availableBytes: freeBytes, coldBytes: this.coldBytes },
      ...{ someTotalUs: this.someTotalUs, refaultedBytes: 0 },
      ...{ reclaimedBytes: this.#reclaimedBytes, nrFreeBlocks: 7, agentBytes: 60 * 2 ** 20 },
      nrHeldBlocks: this.blocks?.nrHeld ?? 0,
      structBytesGivenUp: (this.blocks?.nrHeld ?? 0) * 28_672,
      ...this.lies,
    };
  }
}

function onBlocks(keeper: BlockKeeper, order: BlockOrder): number[] {
  if ('hold' in order) return keeper.hold(order.hold, order.nonce);
  if ('release' in order) return keeper.release(order.release);
  return keeper.listFrom(order.listFrom);
}
