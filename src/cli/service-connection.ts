/** Reaches the service of a state folder over its unix socket. */
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Fetch, ThermoclineClient } from '../client/client.ts';
import { stateFolderPath } from '../control/state-folder.ts';

/** A client for the service on `socket`, by default that of the usual state folder. */
export function serviceClient(
  socket: string = join(stateFolderPath(), 'thermocline.sock'),
): ThermoclineClient {
  return new ThermoclineClient({ fetch: socketFetch(socket), baseUrl: 'http://service' });
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
