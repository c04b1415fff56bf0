/** Requests that nobody means well, over a real socket, and what came back. */
import { connect } from 'node:net';
import { KernelRandom } from '../../src/base/random.ts';

/** What an attacker on this machine has to go by. */
export interface Attack {
  readonly port: number;
  /** In some requests all is right but one thing. */
  readonly actToken: string;
  readonly seed: number;
}

/** One answer; an empty text when the connection was only closed. */
export interface Answer {
  readonly kind: string;
  readonly status: number;
  readonly detail: string;
}

type Kind = readonly [kind: string, bytes: (attack: Attack, random: KernelRandom) => string];

const RIGHT = { name: 'x', watch: { kind: 'simulation', scenario: 'demo' } };

/** Values that stand where others should. */
const WRONG: readonly unknown[] = [
  ...[null, true, -1, 1.5, 1e308, '', '\u0000', '../../etc/passwd', '/bin/sh -c id', 'file:///etc'],
  ...[[], {}, [[]], { $ref: 'x' }, 'a'.repeat(5000), Array.from({ length: 3000 }, () => 1)],
];

const WRITES: readonly (readonly [method: string, path: string, right: object])[] = [
  ['POST', '/monitors', RIGHT],
  ['PUT', '/monitors/app', { params: {} }],
  ['PATCH', '/monitors/app', { params: { attrs: { maxNrRegions: 5 } } }],
  ['PUT', '/monitors/app/goals', { schemeIndex: 0, goalIndex: 0, value: 1 }],
  ['POST', '/plans', { monitors: { x: { watch: RIGHT.watch } } }],
  ['DELETE', '/monitors/app', {}],
  ['POST', '/monitors/app/pause', {}],
];

const PATHS = ['/api/v1/monitors', '/api/v1/monitors/app/history', '/metrics', '/api/v1/events'];

const KINDS: readonly Kind[] = [
  ['no HTTP', (_attack, random) => noise(random)],
  [
    'wrong token',
    ({ port }, random) =>
      write(port, random, pick(WRITES, random), `Bearer ${noise(random).replace(/[^\w-]/g, 'x')}`),
  ],
  ['no token', ({ port }, random) => read(port, pick(PATHS, random), {})],
  [
    'other site',
    ({ port, actToken }, random) =>
      write(port, random, pick(WRITES, random), `Bearer ${actToken}`, {
        Origin: 'http://evil.example',
      }),
  ],
  [
    'other name',
    ({ port, actToken }, random) =>
      read(port, pick(PATHS, random), {
        Host: `evil.example:${port}`,
        Authorization: `Bearer ${actToken}`,
      }),
  ],
  [
    'wrong value',
    ({ port, actToken }, random) =>
      write(port, random, withWrongValue(random), `Bearer ${actToken}`),
  ],
  [
    'unknown field',
    ({ port, actToken }, random) =>
      write(port, random, withUnknownField(random), `Bearer ${actToken}`),
  ],
  [
    'broken JSON',
    ({ port, actToken }, random) =>
      body(
        port,
        'POST',
        '/monitors',
        JSON.stringify(RIGHT).slice(0, random.between(0, 50)),
        `Bearer ${actToken}`,
      ),
  ],
  [
    'deep nesting',
    ({ port, actToken }, random) =>
      body(port, 'POST', '/plans', '['.repeat(random.between(33, 9000)), `Bearer ${actToken}`),
  ],
  [
    'wrong type',
    ({ port, actToken }) =>
      body(port, 'POST', '/monitors', JSON.stringify(RIGHT), `Bearer ${actToken}`, {
        'Content-Type': 'text/plain',
      }),
  ],
  [
    'large headers',
    ({ port }, random) => read(port, '/', { X: 'x'.repeat(random.between(9000, 30_000)) }),
  ],
  [
    'nowhere',
    ({ port, actToken }, random) =>
      read(port, `/api/v1/${encodeURIComponent(noise(random))}`, {
        Authorization: `Bearer ${actToken}`,
      }),
  ],
  [
    'too large',
    ({ port, actToken }) =>
      body(port, 'POST', '/plans', '', `Bearer ${actToken}`, { 'Content-Length': String(2 ** 30) }),
  ],
];

/** Sends `count` requests, a few at a time. */
export async function attack(target: Attack, count: number): Promise<Answer[]> {
  const random = new KernelRandom(target.seed);
  const answers: Answer[] = [];
  let sent = 0;
  const worker = async () => {
    while (sent < count) {
      const [kind, bytes] = KINDS[sent % KINDS.length]!;
      sent += 1;
      answers.push(await send(target.port, kind, bytes(target, random)));
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return answers;
}

/** A request that never becomes whole. */
export function attackSlowly({ port }: Attack): Promise<Answer> {
  return send(port, 'slow', `POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`, 30_000);
}

function send(port: number, kind: string, bytes: string, patienceMs = 5000): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setTimeout(patienceMs, () => socket.destroy());
  socket.on('data', (piece) => {
    text += piece;
    if (isWhole(text)) socket.destroy();
  });
  socket.on('error', () => {});
  socket.on('close', () => resolve(answerOf(kind, text)));
  socket.write(bytes);
  return promise;
}

function isWhole(text: string): boolean {
  const head = text.indexOf('\r\n\r\n');
  const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN);
  if (head < 0) return false;
  return Number.isNaN(length) ? text.endsWith('\r\n0\r\n\r\n') : text.length >= head + 4 + length;
}

function answerOf(kind: string, text: string): Answer {
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
  const detail = /"detail":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? '';
  return { kind, status, detail };
}

type Write = readonly [method: string, path: string, right: object];

function withWrongValue(random: KernelRandom): Write {
  const [method, path, right] = pick(WRITES.slice(0, 5), random);
  const key = pick(Object.keys(right), random);
  // Parameters may be any mapping or list, so theirs have to be wrong inside.
  const value = key === 'params' ? { attrs: 7 } : pick(WRONG, random);
  const isRight = (key === 'monitors' && isEmptyMapping(value)) || key === 'value';
  return [method, path, { ...right, [key]: isRight ? 'wrong' : value }];
}

function isEmptyMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function withUnknownField(random: KernelRandom): Write {
  const [method, path, right] = pick(WRITES.slice(0, 5), random);
  const field = pick(['exec', 'command', 'path', 'url', 'constructor', 'toString'], random);
  return [method, path, { ...right, [field]: pick(WRONG, random) }];
}

function write(
  port: number,
  random: KernelRandom,
  [method, path, right]: Write,
  authorization: string,
  headers: Record<string, string> = {},
): string {
  const text = JSON.stringify(right);
  return body(
    port,
    method,
    path,
    random.between(0, 20) === 0 ? ` ${text}` : text,
    authorization,
    headers,
  );
}

function body(
  port: number,
  method: string,
  path: string,
  text: string,
  authorization: string,
  headers: Record<string, string> = {},
): string {
  const all = {
    Host: `127.0.0.1:${port}`,
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(text)),
    Authorization: authorization,
    ...headers,
  };
  return `${head(method, `/api/v1${path}`, all)}${text}`;
}

function read(port: number, path: string, headers: Record<string, string>): string {
  return head('GET', path, { Host: `127.0.0.1:${port}`, ...headers });
}

function head(method: string, path: string, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `${[`${method} ${path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`;
}

/** Ends a line, so that the other side knows that no more comes. */
function noise(random: KernelRandom): string {
  const length = random.between(3, 60);
  const letters = Array.from({ length }, () => String.fromCharCode(random.between(33, 126)));
  return `${letters.join('')}\r\n\r\n`;
}

function pick<Item>(items: readonly Item[], random: KernelRandom): Item {
  return items[random.between(0, items.length)]!;
}
