/** The topology with a slow memory node. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { GuestSuite } from './harness.ts';

const nodes = '/sys/devices/system/node';
const tiers = '/sys/devices/virtual/memory_tiering';

const suite: GuestSuite = {
  kernels: ['newest', '6.12'],
  topology: 'tiers',
  tests: {
    'has two memory nodes, of which the second has no processor'() {
      assert.equal(textOf(`${nodes}/online`), '0-1');
      assert.equal(textOf(`${nodes}/node0/cpulist`), '0-1');
      assert.equal(textOf(`${nodes}/node1/cpulist`), '');
      assert.equal(textOf(`${nodes}/node0/distance`), '10 40');
    },

    'the kernel puts the nodes into two tiers by their speed'(t) {
      const found = readdirSync(tiers).filter((name) => /^memory_tier\d+$/.test(name));
      const byNode = new Map(found.map((name) => [textOf(`${tiers}/${name}/nodelist`), name]));
      t.note([...byNode].map(([node, name]) => `node ${node} in ${name}`).join(', '));
      assert.deepEqual([...byNode.keys()].sort(), ['0', '1']);
    },
  },
};
export default suite;

function textOf(file: string): string {
  return readFileSync(file, 'utf8').trim();
}
