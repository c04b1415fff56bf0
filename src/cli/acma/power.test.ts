/** `acma power` as people run it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeTree } from '../../testing/fake-tree.ts';

const program = fileURLToPath(new URL('../../../bin/thermocline.js', import.meta.url));
const example = fileURLToPath(
  new URL('../../../examples/scenarios/memory-banks.yaml', import.meta.url),
);
const MEMORY = 'sys/devices/system/memory';

let tree: FakeTree;
beforeEach(() => {
  tree = new FakeTree({
    [`${MEMORY}/block_size_bytes`]: '8000000\n',
    'proc/zoneinfo': `Node 0, zone   Normal
        high     1024
        managed  30000
      nr_free_pages 20000
Node 0, zone  Movable
        high     1024
        managed  65536
      nr_free_pages 60000
`,
  });
  for (const [number, zone] of ['Normal', 'Movable', 'Movable'].entries()) {
    const folder = `${MEMORY}/memory${number}`;
    tree.write(`${folder}/phys_index`, `0000000${number}\n`);
    tree.write(`${folder}/state`, 'online\n');
    tree.write(`${folder}/removable`, '1\n');
    tree.write(`${folder}/valid_zones`, `${zone}\n`);
  }
});
afterEach(() => tree[Symbol.dispose]());

const power = (...args: string[]) =>
  spawnSync(process.execPath, [program, 'acma', 'power', ...args], {
    encoding: 'utf8',
    env: tree.env,
  });

test('reports which blocks could go, and takes none offline', () => {
  const { stdout, status } = power();
  expect(status).toBe(0);
  const [first, normal, movable] = stdout.split('\n');
  expect(first).toBe(
    '3 memory blocks of 128 MiB; 2 could go (256 MiB). Nothing was taken offline.',
  );
  expect(normal).toMatch(
    /^node 0, zone Normal: 1 blocks; 0 could go \(0 B\)\. .*can't be moved\.$/,
  );
  expect(movable).toBe(
    'node 0, zone Movable: 2 blocks; 2 could go (256 MiB), at most 21.6 MiB would be moved. ' +
      'All that is there could go.',
  );
  const { blockBytes, zones } = JSON.parse(power('--json').stdout);
  expect(blockBytes).toBe(128 * 2 ** 20);
  expect(zones[1]).toMatchObject({ zone: 'Movable', couldGo: [2, 1], movedBytes: 5536 * 4096 });
  expect(readFileSync(join(tree.folder, MEMORY, 'memory2/state'), 'latin1')).toBe('online\n');
});

test('simulate empties banks at night, and fills them by day', () => {
  const { stdout, status } = power(
    'simulate',
    example,
    '--bank',
    '512M',
    '--every',
    '50s',
    '--json',
  );
  expect(status).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const atNight = lines[2];
  expect(atNight).toMatchObject({ timeUs: 150_000_000, fit: [2, 3, 4, 5, 6, 7] });
  expect(lines[5].fit.length).toBeLessThan(atNight.fit.length);
  expect(lines[6].figures).toMatchObject({ nrBanks: 8, bankBytes: 2 ** 29 });
});
