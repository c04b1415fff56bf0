/**
 * How a command talks to the process that owns what runs in the kernel: one line of JSON there, one
 * back, over a socket in the state folder, which only its owner may enter.
 */
import { rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { ThermoclineError } from '../base/errors.ts';
import { errnoName } from '../host/linux/read-file.ts';

/** Far more than any request or answer takes. */
const MAX_BYTES = 16 * 2 ** 20;
const ANSWER_LIMIT_MS = 60_000;

/** Answers one request with plain data, or throws. */
export type Answerer = (request: unknown) => Promise<unknown>;

type Answer =
  | { readonly ok: unknown }
  | { readonly error: { readonly code: ThermoclineError['code']; readonly message: string } };

/** Listens at `path`, which must be in a folder that nobody else may enter. */
export async function serveOwner(path: string, answer: Answerer): Promise<AsyncDisposable> {
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => {});
    readLine(socket)
      .then((text) => answerLine(text, answer))
      .then(
        (line) => socket.end(line),
        () => socket.destroy(),
      );
  });
  await listening(server, path);
  // Whoever listens has other reasons to live.
  server.unref();
  return {
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
      rmSync(path, { force: true });
    },
  };
}

/**
 * Asks the owner that listens at `path`.
 * @returns null when nobody listens there
 * @throws ThermoclineError what the owner threw, or TC_SYSTEM when it does not answer
 */
export async function askOwner(path: string, request: object): Promise<unknown> {
  const socket = await connected(path);
  if (socket === null) return null;
  socket.setTimeout(ANSWER_LIMIT_MS, () => socket.destroy(new Error('no answer came')));
  socket.write(`${JSON.stringify(request)}\n`);
  let answer: Answer;
  try {
    answer = JSON.parse(await readLine(socket)) as Answer;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ThermoclineError(
      'TC_SYSTEM',
      `The process that owns it does not answer at ${path} (${why}); try again, or end it.`,
      { cause },
    );
  } finally {
    socket.destroy();
  }
  if ('ok' in answer) return answer.ok;
  throw new ThermoclineError(answer.error.code, answer.error.message);
}

async function answerLine(text: string, answer: Answerer): Promise<string> {
  try {
    return `${JSON.stringify({ ok: (await answer(JSON.parse(text))) ?? true })}\n`;
  } catch (error) {
    const code = error instanceof ThermoclineError ? error.code : 'TC_SYSTEM';
    const message = error instanceof Error ? error.message : String(error);
    return `${JSON.stringify({ error: { code, message } })}\n`;
  }
}

function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      text += piece;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > MAX_BYTES) reject(new Error('the line is too long'));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('it hung up')));
  });
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

function connected(path: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error) => {
      const nobody = ['ENOENT', 'ECONNREFUSED'].includes(errnoName(error));
      if (nobody) resolve(null);
      else reject(error);
    });
  });
}
