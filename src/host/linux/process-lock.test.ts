import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { withProcessLock } from './process-lock.ts';

const name = `a test of process ${process.pid}`;

test('those who want the same do it one after another', async () => {
  const steps: string[] = [];
  const work = (who: string) =>
    withProcessLock(name, async () => {
      steps.push(`${who} begins`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      steps.push(`${who} ends`);
    });
  await Promise.all([work('a'), work('b')]);
  expect([steps.slice(0, 2), steps.slice(2)]).toEqual(
    steps[0] === 'a begins'
      ? [
          ['a begins', 'a ends'],
          ['b begins', 'b ends'],
        ]
      : [
          ['b begins', 'b ends'],
          ['a begins', 'a ends'],
        ],
  );
});

test('is free again after work that fails', async () => {
  const failing = withProcessLock(name, () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  expect(await withProcessLock(name, async () => 'done')).toBe('done');
});

test('held by another process is waited for, and free once that is killed', async () => {
  const program = `
    import { withProcessLock } from ${JSON.stringify(import.meta.resolve('./process-lock.ts'))};
    await withProcessLock(${JSON.stringify(name)}, async () => {
      process.stdout.write('held');
      await new Promise((resolve) => setTimeout(resolve, 30_000));
    });
  `;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program]);
  await once(holder.stdout, 'data');
  const work = async () => 'done';
  await expect(withProcessLock(name, work, 30)).rejects.toMatchObject({
    code: 'TC_BUSY',
    message: `Another process has been working on ${name} for 0.03 s; wait for it, or end it.`,
  });
  holder.kill('SIGKILL');
  expect(await withProcessLock(name, work)).toBe('done');
});
