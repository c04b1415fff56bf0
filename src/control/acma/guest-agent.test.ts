import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ThermoclineError } from '../../base/errors.ts';
import { agentLine, parseMessage } from '../../host/linux/agent-messages.ts';
import type { BlockKeeper } from '../../host/linux/held-files.ts';
import type { AgentPort } from '../../host/linux/virtio-port.ts';
import { VirtioPort } from '../../host/linux/virtio-port.ts';
import { FakeTree } from '../../testing/fake-tree.ts';
import { MachineReclaim } from '../machine-reclaim.ts';
import { GuestAgent } from './guest-agent.ts';

const MIB = 2 ** 20;
const pressure = (us: number) =>
  `some avg10=0.00 avg60=0.00 avg300=0.00 total=${us}\nfull avg10=0 avg60=0 avg300=0 total=0\n`;
const MEMINFO = [
  ...['MemTotal: 1048576 kB', 'MemFree: 102400 kB', 'MemAvailable: 204800 kB'],
  ...['Inactive(anon): 409600 kB', 'SwapTotal: 256000 kB', 'SwapFree: 204800 kB'],
];

/** What the host says in one place, what it hears in another. */
class Port implements AgentPort {
  incoming: Uint8Array = new Uint8Array();
  readonly said: string[] = [];

  read(): Uint8Array {
    const bytes = this.incoming;
    this.incoming = new Uint8Array();
    return bytes;
  }

  write(text: string): void {
    this.said.push(...text.split('\n').filter(Boolean));
  }

  /** What the agent has said since the last look at it. */
  heard() {
    return this.said.splice(0).map(parseMessage);
  }
}

let tree: FakeTree;
let port: Port;
const troubles: string[] = [];
const reclaims: number[] = [];
let agent: GuestAgent;
beforeEach(() => {
  tree = new FakeTree({
    'proc/meminfo': `${MEMINFO.join('\n')}\n`,
    'proc/vmstat': 'workingset_refault_anon 3\nworkingset_refault_file 4\n',
    'proc/buddyinfo': 'Node 0, zone Normal 0 0 0 0 0 0 0 0 0 5 1\n',
    'proc/pressure/memory': pressure(1000),
    'proc/sys/vm/compact_memory': '',
  });
  port = new Port();
  port.incoming = Buffer.from(agentLine({ id: 1, reclaimBytes: 99, compact: true }));
  troubles.length = 0;
  reclaims.length = 0;
  const lever = {
    async reclaim(bytes: number) {
      reclaims.push(bytes);
      return bytes / 2;
    },
  };
  const onTrouble = (sentence: string) => void troubles.push(sentence);
  agent = new GuestAgent({ roots: tree.roots, port, lever, onTrouble });
});
afterEach(() => tree[Symbol.dispose]());

const order = (reclaimBytes: number, compact: boolean, id = 2) =>
  Buffer.from(agentLine({ id, reclaimBytes, compact }));
const compacted = () => readFileSync(join(tree.roots.proc, 'sys/vm/compact_memory'), 'utf8');

test('tells how the guest stands; what was said before its time it does not do', async () => {
  agent.look();
  expect([port.heard(), reclaims]).toEqual([[], []]);
  port.incoming = order(0, false);
  agent.look();
  const [message] = port.heard();
  expect(message).toMatchObject({
    id: 2,
    report: {
      ...{ freeBytes: 100 * MIB, availableBytes: 200 * MIB },
      // 80 % of swap, less what is used of it.
      ...{ coldBytes: 150 * MIB, someTotalUs: 1000, refaultedBytes: 7 * 4096 },
      ...{ reclaimedBytes: 0, nrFreeBlocks: 7, agentBytes: expect.any(Number) },
    },
  });
});

test('answers an order at once, carries it out, and tells what came of it', async () => {
  port.incoming = order(16 * MIB, true);
  agent.look();
  expect(port.heard()).toMatchObject([{ id: 2, report: { reclaimedBytes: 0 } }]);
  await agent.idle();
  expect([reclaims, compacted()]).toEqual([[16 * MIB], '1']);
  port.incoming = order(0, false, 3);
  agent.look();
  expect(port.heard()).toMatchObject([{ id: 3, report: { reclaimedBytes: 8 * MIB } }]);
});

test('of several orders the newest counts, and none is for more than a window', async () => {
  port.incoming = Buffer.concat([order(1 * MIB, true, 2), order(2 ** 50, false, 3)]);
  agent.look();
  expect(port.heard()).toMatchObject([{ id: 3 }]);
  await agent.idle();
  expect([reclaims, compacted()]).toEqual([[128 * MIB], '']);
});

test('tells at once when time is being lost, once somebody listens', () => {
  tree.write('proc/pressure/memory', pressure(2000));
  agent.look();
  expect(port.heard()).toEqual([]);
  port.incoming = order(0, false);
  agent.look();
  port.heard();
  tree.write('proc/pressure/memory', pressure(2050));
  agent.look();
  expect(port.heard()).toEqual([]);
  tree.write('proc/pressure/memory', pressure(2150));
  agent.look();
  expect(port.heard()).toEqual([{ someTotalUs: 2150 }]);
});

test('what it can not do it says, and goes on', async () => {
  tree.remove('proc/sys');
  port.incoming = order(0, true);
  agent.look();
  await agent.idle();
  expect(troubles).toEqual([expect.stringMatching(/compact_memory can't be written \(ENOENT\)/)]);
  port.incoming = Buffer.from('{"version":1}\n');
  agent.look();
  expect(port.heard()).toMatchObject([
    { id: 2 },
    { id: 0, error: expect.stringMatching(/compact/) },
  ]);
});

/** Holds what it is told, from 2 MiB on. */
class Keeper implements BlockKeeper {
  readonly held: number[] = [];
  error: ThermoclineError | null = null;

  get nrHeld(): number {
    return this.held.length;
  }

  hold(nrBlocks: number): number[] {
    if (this.error !== null) throw this.error;
    const added = Array.from(
      { length: nrBlocks },
      (_, nr) => 2 * MIB * (this.held.length + nr + 1),
    );
    this.held.push(...added);
    return added;
  }

  release(addresses: readonly number[]): number[] {
    for (const address of addresses) this.held.splice(this.held.indexOf(address), 1);
    return [...addresses];
  }

  listFrom(address: number): number[] {
    return this.held.filter((one) => one >= address);
  }

  releaseAll(): void {
    this.held.length = 0;
  }
}

test('holds blocks and lets go of them, each order by itself, also beside another', () => {
  const blocks = new Keeper();
  const lever = { reclaim: async () => 0 };
  port.incoming = new Uint8Array();
  agent = new GuestAgent({ roots: tree.roots, port, lever, blocks, onTrouble: () => {} });
  const nonce = '0f'.repeat(16);
  const orders = [
    agentLine({ id: 2, hold: 128, nonce }),
    agentLine({ id: 3, hold: 2, nonce }),
    agentLine({ id: 4, release: [2 * MIB, 4 * MIB] }),
    agentLine({ id: 5, reclaimBytes: 0, compact: false }),
    agentLine({ id: 6, listFrom: 0 }),
  ];
  port.incoming = Buffer.from(orders.join(''));
  agent.look();
  const [first, second, third, list, report] = port.heard();
  expect(first).toMatchObject({ id: 2, blocks: { length: 128 } });
  expect(second).toEqual({ id: 3, blocks: [129 * 2 * MIB, 130 * 2 * MIB] });
  expect(third).toEqual({ id: 4, blocks: [2 * MIB, 4 * MIB] });
  expect(list).toMatchObject({ id: 6, blocks: { length: 128 } });
  expect(report).toMatchObject({ id: 5, report: { nrHeldBlocks: 128, structBytesGivenUp: 0 } });
  tree.write('proc/sys/vm/hugetlb_optimize_vmemmap', '1\n');
  expect(agent.report().structBytesGivenUp).toBe(128 * 28 * 1024);
});

test('what it holds goes back to the guest eight seconds after the last word of a host', () => {
  const blocks = new Keeper();
  const lever = { reclaim: async () => 0 };
  port.incoming = new Uint8Array();
  agent = new GuestAgent({ roots: tree.roots, port, lever, blocks, onTrouble: () => {} });
  blocks.hold(3);
  for (let second = 0; second < 30; second++) {
    port.incoming = order(0, false, second);
    for (let look = 0; look < 20; look++) agent.look();
  }
  expect(blocks.held).toHaveLength(3);
  for (let look = 0; look < 139; look++) agent.look();
  expect(blocks.held).toHaveLength(3);
  for (let look = 0; look < 21; look++) agent.look();
  expect(blocks.held).toHaveLength(0);
});

test('blocks that may not or can not be held are refused in a sentence', () => {
  const nonce = '0f'.repeat(16);
  agent.look();
  port.incoming = Buffer.from(agentLine({ id: 2, hold: 1, nonce }));
  agent.look();
  expect(port.heard()).toEqual([{ id: 2, error: 'no blocks may be held here (--hold-blocks)' }]);
  const blocks = new Keeper();
  blocks.error = new ThermoclineError('TC_BUSY', 'Set aside for others.');
  const onTrouble = (sentence: string) => void troubles.push(sentence);
  const lever = { reclaim: async () => 0 };
  agent = new GuestAgent({ roots: tree.roots, port, lever, blocks, onTrouble });
  port.incoming = Buffer.from(agentLine({ id: 3, hold: 1, nonce }));
  agent.look();
  expect(port.heard()).toEqual([{ id: 3, error: 'Set aside for others.' }]);
  expect(troubles).toEqual(['Set aside for others.']);
});

test('a hostile host is answered in sentences, and heard again after it', async () => {
  const pieces = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(`${text}\n`)),
      fc.nat({ max: 9000 }).map((length) => Buffer.alloc(length, '[')),
      fc.constant(order(1, true)),
    ),
  );
  fc.assert(
    fc.property(pieces, (all) => {
      port.incoming = Buffer.concat(all);
      agent.look();
      port.heard();
      port.incoming = order(0, false, 77);
      agent.look();
      expect(port.heard().at(-1)).toMatchObject({ id: 77 });
    }),
    { seed: 2, numRuns: 200 },
  );
  await agent.idle();
});

test('needs pressure to be accounted, a port, and the root of the cgroups', () => {
  tree.remove('proc/pressure');
  const lever = { reclaim: async () => 0 };
  const options = { roots: tree.roots, port, lever, onTrouble: () => {} };
  expect(() => new GuestAgent(options)).toThrow(/boot with psi=1/);
  expect(() => VirtioPort.open(tree.roots, 'thermocline.acma')).toThrow(
    /no virtio-serial port "thermocline.acma" here; .* -device virtserialport,chardev=ID,name=/,
  );
  expect(() => new MachineReclaim(tree.roots)).toThrow(/no .*memory.reclaim, by which/);
});

test('finds its port by name, and reads and writes it without waiting', () => {
  tree.write('sys/class/virtio-ports/vport0p1/name', 'another\n');
  tree.write('sys/class/virtio-ports/vport0p2/name', 'thermocline.acma\n');
  tree.write('dev/vport0p2', 'question\n');
  using found = VirtioPort.open(tree.roots, 'thermocline.acma', join(tree.folder, 'dev'));
  expect(Buffer.from(found.read()).toString()).toBe('question\n');
  expect(found.read()).toHaveLength(0);
  found.write('answer\n');
  expect(readFileSync(found.device, 'utf8')).toBe('question\nanswer\n');
});

test('memory of the whole machine leaves by the root of the cgroups', async () => {
  tree.write('cgroup/memory.reclaim', '');
  expect(await new MachineReclaim(tree.roots).reclaim(20 * MIB)).toBe(0);
  // First 16 MiB, then the rest, over the first digits of what the file had.
  expect(readFileSync(join(tree.roots.cgroup, 'memory.reclaim'), 'utf8')).toBe('41943046');
});
