/** Tests of the rig itself, which need a kernel that boots, and run outside of it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeCpio } from './cpio.ts';
import { descendants, isEmulator } from './emulators.ts';
import type { TestBody } from './harness.ts';
import { Machine, type MachineShape } from './machine.ts';

const limitMs = 40_000;

/** By name. */
export function rigTests(shape: MachineShape): Readonly<Record<string, TestBody>> {
  return {
    async 'a boot that breaks shows what the kernel said last'() {
      const folder = mkdtempSync(path.join(tmpdir(), 'thermocline-boot-'));
      try {
        const initrd = path.join(folder, 'empty');
        writeCpio(initrd, []);
        const boot = Machine.boot({ ...shape, initrd }, limitMs);
        await assert.rejects(boot, /last lines:\n(?: {2}\| .*\n)*.*Kernel panic/);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },

    async 'a machine ends when its owner is killed'(t) {
      const script =
        `const { Machine } = await import(${JSON.stringify(`${import.meta.dirname}/machine.ts`)});` +
        `await Machine.boot(${JSON.stringify(shape)}, ${limitMs});`;
      const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const emulator = await until(() => descendants(owner.pid!).find(isEmulator));
      owner.kill('SIGKILL');
      const start = performance.now();
      await until(() => (isEmulator(emulator) ? undefined : true));
      t.note(`after ${((performance.now() - start) / 1000).toFixed(1)} s`);
    },
  };
}

/** The first answer that is not undefined. */
async function until<T>(ask: () => T | undefined): Promise<T> {
  for (const deadline = performance.now() + limitMs / 2; performance.now() < deadline; ) {
    const answer = ask();
    if (answer !== undefined) return answer;
    await sleep(20);
  }
  throw new Error('it did not happen');
}
