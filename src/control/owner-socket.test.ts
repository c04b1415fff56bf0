import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ThermoclineError } from '../base/errors.ts';
import { askOwner, serveOwner } from './owner-socket.ts';

const base = mkdtempSync(join(tmpdir(), 'thermocline-socket-'));
afterAll(() => rmSync(base, { recursive: true }));
const path = join(base, 'owner.sock');

test('a request is answered, and what is thrown arrives as it was thrown', async () => {
  await using _owner = await serveOwner(path, async (request) => {
    if ((request as { fail?: true }).fail) throw new ThermoclineError('TC_BUSY', 'Not now.');
    return { got: request };
  });
  expect(await askOwner(path, { a: 1 })).toEqual({ got: { a: 1 } });
  await expect(askOwner(path, { fail: true })).rejects.toMatchObject({
    code: 'TC_BUSY',
    message: 'Not now.',
  });
});

test('where nobody listens, null is the answer', async () => {
  expect(await askOwner(path, {})).toBeNull();
  expect(existsSync(path)).toBe(false);
});

test('nonsense is answered with an error, and others are served on', async () => {
  await using _owner = await serveOwner(path, async () => 'well');
  const reply = await new Promise<string>((resolve) => {
    const socket = createConnection(path, () => socket.write('{no json\n'));
    socket.on('data', (data) => resolve(data.toString()));
  });
  expect(JSON.parse(reply)).toMatchObject({ error: { code: 'TC_SYSTEM' } });
  expect(await askOwner(path, {})).toBe('well');
});
