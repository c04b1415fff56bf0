/** What `status`, `tune` and `stop` find of a service that has a state folder of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runMain } from '../../../test/run-main.ts';
import { serveOwner } from '../../control/owner-socket.ts';
import { announceStateFolder } from '../../control/state-folders.ts';
import { currentBootId, ownIdentity } from '../../host/linux/process-identity.ts';
import { SlotRecords } from '../../kernel/slot-records.ts';
import { ADMIN_FOLDER } from '../../kernel/sysfs-files.ts';
import { slotSocket } from '../../monitor/kernel-slots.ts';

let base: string;
let stateDir: string;
const asked: object[] = [];
let owner: AsyncDisposable;
beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'thermocline-slots-'));
  vi.stubEnv('THERMOCLINE_STATE_DIR', join(base, 'usual'));
  stateDir = join(base, 'own');
  const kdamonds = join(base, 'sys', ADMIN_FOLDER, 'kdamonds');
  for (const slot of ['0', '1']) {
    mkdirSync(join(kdamonds, slot), { recursive: true });
    writeFileSync(join(kdamonds, slot, 'state'), 'off\n');
    writeFileSync(join(kdamonds, slot, 'pid'), '-1\n');
  }
  writeFileSync(join(kdamonds, 'nr_kdamonds'), '2\n');
  const records = new SlotRecords(stateDir);
  const claim = { bootId: currentBootId(), slot: 1, kdamond: null, written: {}, writing: null };
  const record = { claim, owner: ownIdentity(), purpose: 'monitor db of the service' };
  records.write(record);
  owner = await serveOwner(slotSocket(stateDir, 1), async (request) => {
    asked.push(request as object);
    if ((request as { ask: string }).ask === 'stop') records.write({ ...record, owner: null });
    return { changes: ['schemes[0].quota.sizeBytes: 1 MiB → 2 MiB'] };
  });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  asked.splice(0);
  await owner[Symbol.asyncDispose]();
  rmSync(base, { recursive: true });
});

const run = (...words: string[]) => runMain(...words, '--sysfs-root', join(base, 'sys'));
const setting = 'schemes[0].quota.sizeBytes=2MiB';

test('it is asked, and ends what it runs', async () => {
  using _announced = announceStateFolder(stateDir);
  const { slots } = JSON.parse((await run('status', '--json')).stdout);
  expect(slots).toMatchObject([
    { slot: 0, whose: 'others', owner: null },
    { slot: 1, whose: 'ours', owner: { pid: process.pid }, purpose: 'monitor db of the service' },
  ]);
  expect((await run('tune', '--set', setting)).stdout).toContain('1 MiB → 2 MiB');
  expect((await run('stop')).stdout).toBe('Slot 1 is stopped.\n');
  expect(asked.map((one) => (one as { ask: string }).ask)).toEqual(['status', 'tune', 'stop']);
});

test('what no folder tells of is of others, and is left alone', async () => {
  const { slots } = JSON.parse((await run('status', '--json')).stdout);
  expect(slots.map(({ whose }: { whose: string }) => whose)).toEqual(['others', 'others']);
  expect((await run('tune', '1', '--set', setting)).stderr).toContain('Slot 1 is run neither by');
  expect((await run('stop', '1')).stderr).toContain('Nothing of ours runs in slot 1');
  expect(asked).toEqual([]);
});
