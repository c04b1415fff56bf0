/** Reaches a service over its unix socket. */
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ThermoclineError } from '../base/errors.ts';
import { type Fetch, ThermoclineClient } from '../client/client.ts';
import { stateFolderPath } from '../control/state-folder.ts';
import { stateFolders } from '../control/state-folders.ts';
import { socketOfService } from '../service/owner-lock.ts';

/** The option of commands that go to a service. */
export const SOCKET_OPTION = [
  '--socket <path>',
  'the socket of the service (default: that of the one that runs)',
] as const;

/** A client for the service on `socket`, by default for the one that runs. */
export function serviceClient(socket?: string): ThermoclineClient {
  return clientOn(socket ?? runningSocket() ?? join(stateFolderPath(), 'thermocline.sock'));
}

/**
 * A client for the service on `socket`, or for the one that runs; null where none does.
 * @throws ThermoclineError TC_SYSTEM where nothing answers on `socket`
 */
export async function reachableService(socket?: string): Promise<ThermoclineClient | null> {
  const path = socket ?? runningSocket();
  if (path === null) return null;
  const client = clientOn(path);
  await client.monitors();
  return client;
}

function clientOn(socket: string): ThermoclineClient {
  return new ThermoclineClient({ fetch: socketFetch(socket), baseUrl: 'http://service' });
}

/** That of the usual state folder goes before those elsewhere, of which there may be one only. */
function runningSocket(): string | null {
  const [usual, ...elsewhere] = stateFolders();
  const usualSocket = socketOfService(usual);
  if (usualSocket !== null) return usualSocket;
  const [socket = null, ...more] = elsewhere.flatMap((folder) => socketOfService(folder) ?? []);
  if (more.length === 0) return socket;
  throw new ThermoclineError(
    'TC_INVALID',
    `More than one service runs (${[socket, ...more].join(', ')}); name one with --socket.`,
  );
}

/** `fetch` over a unix socket. */
export function socketFetch(socketPath: string): Fetch {
  return (url, init = {}) => {
    const { pathname, search } = new URL(url);
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const call = request(
      {
        socketPath,
        path: pathname + search,
        method: init.method ?? 'GET',
        headers: init.headers as Record<string, string>,
        ...(init.signal && { signal: init.signal }),
      },
      (answer) => {
        const { statusCode: status = 500, headers } = answer;
        const isEmpty = status === 204 || status === 304;
        const body = isEmpty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
        const type = headers['content-type'] ?? '';
        resolve(new Response(body, { status, headers: { 'content-type': type } }));
      },
    );
    call.on('error', reject);
    call.end(init.body);
    return promise;
  };
}
