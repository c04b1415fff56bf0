import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeQemu } from '../../testing/fake-qemu.ts';
import { Qmp } from './qmp.ts';

const GIB = 2 ** 30;
let folder = '';
let path = '';
let qemu: FakeQemu;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thermocline-qmp-'));
  path = join(folder, 'qmp.sock');
  qemu = await FakeQemu.listen(path, GIB, 0);
});
afterEach(async () => {
  vi.useRealTimers();
  await qemu[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test('answers find their questions, whatever else is said', async () => {
  using qmp = await Qmp.open(path);
  const [{ actual }, { running }] = await Promise.all([
    qmp.execute<{ actual: number }>('query-balloon'),
    qmp.execute<{ running: boolean }>('query-status'),
  ]);
  expect([actual, running]).toEqual([GIB, true]);
});

test('a command that is refused harms no other', async () => {
  using qmp = await Qmp.open(path);
  await expect(qmp.execute('eject')).rejects.toThrow(/refuses: eject is not possible/);
  expect(await qmp.execute('query-balloon')).toEqual({ actual: GIB });
});

test('says which socket to name where nobody listens', async () => {
  await expect(Qmp.open(join(folder, 'none'))).rejects.toMatchObject({
    code: 'TC_NOT_FOUND',
    message: expect.stringMatching(/none can't be connected to \(ENOENT\); name the socket of/),
  });
});

test('says so when another client has the socket, and serves the next one after it', async () => {
  const first = await Qmp.open(path);
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  const second = Qmp.open(path);
  const refused = expect(second).rejects.toMatchObject({ code: 'TC_BUSY' });
  await settled();
  vi.advanceTimersByTime(5000);
  await refused;
  vi.useRealTimers();
  first[Symbol.dispose]();
  using third = await Qmp.open(path);
  expect(await third.execute('query-balloon')).toEqual({ actual: GIB });
});

test('what hangs up, talks nonsense or falls silent ends with a sentence', async () => {
  using qmp = await Qmp.open(path);
  qemu.nextLine = '{"return": ';
  await expect(qmp.execute('query-balloon')).rejects.toThrow(/what it says is no JSON/);
  await expect(qmp.execute('query-balloon')).rejects.toThrow(/what it says is no JSON/);
  using other = await Qmp.open(path);
  qemu.isDeaf = true;
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  const silent = expect(other.execute('stop')).rejects.toThrow(/does not answer "stop" within 5 s/);
  vi.advanceTimersByTime(5000);
  await silent;
  vi.useRealTimers();
  const left = expect(other.execute('query-status')).rejects.toThrow(/it hung up/);
  await settled();
  await qemu[Symbol.asyncDispose]();
  await left;
});

/** Sockets have been heard. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
