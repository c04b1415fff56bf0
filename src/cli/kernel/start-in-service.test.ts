/** `start` where a service runs, on a fake kernel. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runMain } from '../../../test/run-main.ts';
import { FakeKernelService } from '../../../test/service/fake-kernel-service.ts';
import { announceStateFolder } from '../../control/state-folders.ts';
import { listenOnSocket } from '../../service/listen.ts';
import { OwnerLock } from '../../service/owner-lock.ts';

const disposables: (Disposable | AsyncDisposable)[] = [];
let kernel: FakeKernelService;
let file: string;
beforeEach(async () => {
  kernel = new FakeKernelService();
  const { stateDir } = kernel;
  const usual = mkdtempSync(join(tmpdir(), 'thermocline-usual-'));
  vi.stubEnv('THERMOCLINE_STATE_DIR', usual);
  file = join(usual, 'cold pages.yaml');
  writeFileSync(
    file,
    `targets: [{ pid: ${process.pid} }]\nschemes: [{ action: pageout, quota: { sizeBytes: 1 MiB } }]\n`,
  );
  // A service with a folder and a socket of its own.
  const socket = join(stateDir, 'elsewhere.sock');
  const listener = await listenOnSocket(kernel.app(), socket);
  disposables.push(
    kernel,
    OwnerLock.take(stateDir, socket),
    announceStateFolder(stateDir),
    { [Symbol.asyncDispose]: () => listener.close() },
    { [Symbol.dispose]: () => rmSync(usual, { recursive: true }) },
  );
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await using stack = new AsyncDisposableStack();
  for (const one of disposables.splice(0)) stack.use(one);
});

test('the service owns what is started, and it goes on', async () => {
  const { stdout, status } = await runMain('start', '--detach', '--json', '--ceiling', '5', file);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ slot: 0, kdamondPid: 1000, pid: process.pid, file, mode: 'counting only' },
  });
  expect(status).toBe(0);
  expect(kernel.service.monitor('cold-pages').view()).toMatchObject({
    ...{ state: 'running', watch: { kind: 'kernel' }, act: 'count', cpuCeiling: 0.05 },
  });
  expect(kernel.value('contexts/0/schemes/0/action')).toBe('stat');
  await runMain('start', '--detach', '--act', file);
  expect(kernel.service.monitor('cold-pages-2').view().act).toBe('act');
});

test('it says the same as without a service, and ends it with its time', async () => {
  const { stdout, stderr } = await runMain('start', '--act', '--for', '300ms', file);
  expect(stdout.split('\n')[0]).toBe(
    `DAMON runs in slot 0 by ${file}, acting in the kernel: kdamond 1000, owned by process ${process.pid}.`,
  );
  expect(stderr).toBe('The time is up.\n');
  expect(kernel.service.monitors()).toEqual([]);
  expect(kernel.slotsOn()).toEqual([]);
});

test('it ends when somebody else has ended it', async () => {
  const started = runMain('start', file);
  await expect.poll(() => kernel.slotsOn(), { timeout: 60_000 }).toEqual([0]);
  await kernel.service.remove('cold-pages');
  expect(await started).toMatchObject({ status: 0 });
});

test('what the service refuses is told as it was told there', async () => {
  writeFileSync(file, 'targets: [{ pid: 4000000 }]\nschemes: [{ action: nap }]\n');
  const { stderr, status } = await runMain('start', '--detach', file);
  expect(stderr).toContain('schemes[0].action');
  expect(status).toBe(2);
  const nobody = join(kernel.stateDir, 'nobody.sock');
  expect(await runMain('start', '--socket', nobody, file)).toMatchObject({
    stderr: 'thermocline: The service does not answer; is it running?\n',
  });
});
