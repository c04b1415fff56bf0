/** A line to QEMU's control channel that can be cut. */
import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** Whoever connects to `socket` talks to QEMU, as long as it lasts. */
export class QmpWire implements AsyncDisposable {
  readonly socket: string;
  readonly #server: Server;
  readonly #ends = new Set<Socket>();

  static async to(qemuSocket: string): Promise<QmpWire> {
    const wire = new QmpWire(`${qemuSocket}.wire`, qemuSocket);
    await new Promise<void>((resolve) => wire.#server.listen(wire.socket, resolve));
    return wire;
  }

  private constructor(socket: string, qemuSocket: string) {
    this.socket = socket;
    this.#server = createServer((near) => {
      const far = createConnection(qemuSocket);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#ends.add(from);
        from.on('error', () => {});
        from.on('close', () => {
          this.#ends.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
  }

  /** Cuts it; the next one to connect is served. */
  cut(): void {
    for (const end of this.#ends) end.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
