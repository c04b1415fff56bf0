import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { readProcessStat } from '../../host/linux/process-stat.ts';
import { FakeTree } from '../../testing/fake-tree.ts';
import { smapsText } from '../../testing/smaps-text.ts';
import { SmapsReader } from './smaps-reader.ts';
import { WatchedProcess } from './watched-process.ts';

// Whoever runs tests as root is denied nothing.
const denied = vi.hoisted(() => new Set<string>());
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const openSync: typeof fs.openSync = (path, ...rest) => {
    if (denied.has(String(path))) throw Object.assign(new Error('denied'), { code: 'EACCES' });
    return fs.openSync(path, ...rest);
  };
  return { ...fs, openSync };
});
afterEach(() => denied.clear());

const PAGE = 4096;
const reader = new SmapsReader();
const clock = new VirtualClock();

function watch(tree: FakeTree, text: string): WatchedProcess {
  tree.write('proc/9/stat', '9 (fake) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 1000 0 0\n');
  tree.write('proc/9/smaps', text);
  tree.write('proc/9/clear_refs', '');
  return new WatchedProcess(tree.roots, readProcessStat(tree.roots, 9)!);
}

test('a program that may not be read any more shows nothing, and ends nothing', () => {
  using tree = new FakeTree();
  using process = watch(tree, smapsText([]));
  denied.add(join(tree.roots.proc, '9/smaps'));
  process.read(reader, clock);
  expect(process.table.nr).toBe(0);
  expect(process.isAlive()).toBe(true);
});

test('renewing turns from the memory of before to that of now', () => {
  using tree = new FakeTree();
  using process = watch(tree, smapsText([{ start: PAGE, end: 2 * PAGE }]));
  tree.write('proc/9/new', smapsText([{ start: 8 * PAGE, end: 9 * PAGE }]));
  renameSync(join(tree.roots.proc, '9/new'), join(tree.roots.proc, '9/smaps'));
  process.read(reader, clock);
  expect(process.table.start[0]).toBe(PAGE);
  process.renew();
  process.read(reader, clock);
  expect(process.table.start[0]).toBe(8 * PAGE);
});
