/** A network between a page and its service that can fall silent, as Wi-Fi and VPNs do. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Listens on an address of its own; the service sees its own name in requests. */
export class FlakyNetwork implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isSilent = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async before(servicePort: number): Promise<FlakyNetwork> {
    const server = createServer();
    const network = new FlakyNetwork(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.on('connection', (page) => network.#join(page, servicePort));
    return network;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Nothing gets through any more, and nobody is told. */
  fallSilent(): void {
    this.#isSilent = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Connections that were cut off stay so; new ones get through. */
  comeBack(): void {
    this.#isSilent = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(page: Socket, servicePort: number): void {
    const service = connect(servicePort, '127.0.0.1');
    const name = `127.0.0.1:${this.port}`;
    page.on('data', (bytes) => {
      service.write(
        bytes.toString('latin1').replaceAll(name, `127.0.0.1:${servicePort}`),
        'latin1',
      );
    });
    service.on('data', (bytes) => page.write(bytes));
    for (const [socket, other] of [
      [page, service],
      [service, page],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        // A network that is silent tells nobody of it.
        if (!this.#isSilent) other.destroy();
      });
      if (this.#isSilent) socket.pause();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.comeBack();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
