/** Where the service is reached: a unix socket, and loopback where that is asked for. */
import { chmodSync, mkdtempSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { ThermoclineError } from '../base/errors.ts';
import type { Transport } from './access/gate.ts';
import type { App } from './api/app.ts';
import { HttpProblem, problemOf } from './api/problem.ts';

const LOOPBACK = '127.0.0.1';
const MAX_HEADER_BYTES = 8192;
const MAX_CONNECTIONS = 128;
/** Whoever is slower than this with a whole request is cut off. */
const HEADERS_LIMIT_MS = 5000;
const REQUEST_LIMIT_MS = 15_000;
/** A path of a unix socket can't be longer (unix(7)). */
const MAX_SOCKET_PATH = 107;

/** One place where the service listens. */
export interface Listener {
  close(): Promise<void>;
}

/**
 * Listens on a unix socket that only its owner can open. It appears under its name with the right
 * mode already, in place of one that nobody listens on any more.
 * @throws ThermoclineError TC_INVALID for a path that is too long, TC_SYSTEM
 */
export async function listenOnSocket(app: App, path: string): Promise<Listener> {
  const folder = attempt(path, () => mkdtempSync(join(dirname(path), '.thermocline-')));
  const passing = join(folder, 's');
  try {
    if (Buffer.byteLength(passing) > MAX_SOCKET_PATH) {
      const sentence = `The socket's path ${path} is too long; name a shorter one with --socket.`;
      throw new ThermoclineError('TC_INVALID', sentence);
    }
    const server = newServer(app, 'unix');
    await listening(server, { path: passing }, path);
    attempt(path, () => {
      chmodSync(passing, 0o600);
      renameSync(passing, path);
    });
    return {
      async close() {
        rmSync(path, { force: true });
        await closed(server);
      },
    };
  } finally {
    rmdirSync(folder);
  }
}

/**
 * Listens on loopback, never elsewhere.
 * @param port 0 for any that is free
 * @throws ThermoclineError TC_BUSY for a port that is taken, TC_SYSTEM
 */
export async function listenOnLoopback(
  app: App,
  port: number,
): Promise<Listener & { readonly port: number }> {
  const server = newServer(app, 'tcp');
  await listening(server, { host: LOOPBACK, port }, `port ${port}`);
  return { port: (server.address() as AddressInfo).port, close: () => closed(server) };
}

function newServer(app: App, transport: Transport): Server {
  const listener = getRequestListener((request) => app.fetch(request, { transport }), {
    overrideGlobalObjects: false,
  });
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_LIMIT_MS,
      requestTimeout: REQUEST_LIMIT_MS,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: 10_000,
    },
    (incoming, outgoing) => void listener(incoming, outgoing),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('clientError', refuse);
  return server;
}

/** What never became a request gets its sentence, too. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const problem = problemOf(refusalOf(error.code ?? ''));
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function refusalOf(code: string): HttpProblem {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new HttpProblem(431, 'TC_INVALID', 'The headers are larger than 8 KiB; send less.');
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new HttpProblem(408, 'TC_INVALID', 'The request came too slowly; send it at once.');
  }
  return new HttpProblem(400, 'TC_INVALID', 'This is no HTTP request that the service can read.');
}

function listening(server: Server, where: object, name: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (error) => reject(listenFailure(name, error)));
  server.listen(where, resolve);
  return promise;
}

function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  return promise;
}

function attempt<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw listenFailure(path, cause);
  }
}

function listenFailure(name: string, cause: unknown): ThermoclineError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    const sentence = `The ${name} is taken; name another one, or 0 for any that is free.`;
    return new ThermoclineError('TC_BUSY', sentence, { cause });
  }
  return new ThermoclineError('TC_SYSTEM', `The service can't listen on ${name} (${code}).`, {
    cause,
  });
}
