import { expect, test } from 'vitest';
import type { Snapshot } from '../params/snapshot.ts';
import { SnapshotStream } from './snapshot-stream.ts';

const snapshot = (tick: number) => ({ tick }) as Snapshot;

test('a slow reader finds the newest snapshot only, a quick one all', async () => {
  const stream = new SnapshotStream();
  const quick = stream.read();
  const slow = stream.read();
  const first = [quick.next(), slow.next()];
  for (let tick = 1; tick <= 3; tick++) {
    stream.publish(snapshot(tick));
    if (tick === 1) await Promise.all(first);
    else expect((await quick.next()).value?.tick).toBe(tick);
  }
  expect((await slow.next()).value?.tick).toBe(3);
});

test('the end lets a reader take what it has not read yet', async () => {
  const stream = new SnapshotStream();
  const reader = stream.read();
  const first = reader.next();
  stream.publish(snapshot(1));
  await first;
  stream.publish(snapshot(2));
  stream.end();
  expect((await reader.next()).value?.tick).toBe(2);
  expect((await reader.next()).done).toBe(true);
});

test('a reader that waits is told of the end, and one that comes later, too', async () => {
  const stream = new SnapshotStream();
  const waiting = stream.read().next();
  stream.end();
  expect((await waiting).done).toBe(true);
  expect((await stream.read().next()).done).toBe(true);
});

test('a reader counts from its first read until it leaves', async () => {
  const stream = new SnapshotStream();
  let joined = 0;
  const reader = stream.read(() => joined++);
  expect([stream.hasReaders, joined]).toEqual([false, 0]);
  const first = reader.next();
  expect([stream.hasReaders, joined]).toEqual([true, 1]);
  stream.publish(snapshot(1));
  await first;
  await reader.return();
  expect(stream.hasReaders).toBe(false);
});
