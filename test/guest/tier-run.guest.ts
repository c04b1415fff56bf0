/** `tier run` on a machine of three tiers: hot memory goes up, and cold memory goes down. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { MIB } from './guest-params.ts';
import type { GuestSuite } from './harness.ts';
import { bytesByNode, Cgroup, until, vmstat } from './memory-figures.ts';
import { everySwitch, freeAim, prepareTiers, slowGroup, TierRun, useAim } from './tier-machine.ts';
import { startWorkload, type Workload } from './workload.ts';

/** Points of a node, that it may be from its aims while they are held. */
const near = 2;
const heldSeconds = 30;
/** More than has come up after that, so that both faster nodes can be filled all the time. */
const hotMebibytes = 48;
const firstMebibytes = 2;
const burstMebibytes = 20;
/** After all others: it would keep one of two processors to itself. */
const politePriority = 15;

/** All that runs from the first test to the last. */
interface Scene {
  readonly files: Record<string, string>;
  readonly hot: Workload;
  /** On nodes 0 and 1. */
  readonly cold: readonly [Workload, Workload];
  readonly run: TierRun;
}
let scene: Scene;
/** Of workloads, since the test itself is in the slow one. */
let anywhere: Cgroup;

function nodeMemory(nid: number): { readonly free: number; readonly total: number } {
  const text = readFileSync(`/sys/devices/system/node/node${nid}/meminfo`, 'utf8');
  const bytes = (name: string) => Number(new RegExp(`${name}: +(\\d+)`).exec(text)![1]) * 1024;
  return { free: bytes('MemFree'), total: bytes('MemTotal') };
}

function freePercent(nid: number): number {
  const { free, total } = nodeMemory(nid);
  return (free / total) * 100;
}

/** Where the memory of a workload is, in MiB by node. */
function placeOf({ pid, start }: Workload): [number, number, number] {
  const bytes = bytesByNode(pid, start);
  return [0, 1, 2].map((nid) => Math.round((bytes[nid] ?? 0) / MIB)) as [number, number, number];
}

function places({ hot, cold, run }: Scene): string {
  const [cold0, cold1] = cold.map((one) => placeOf(one).join(' '));
  const links = [
    [0, 1],
    [1, 2],
    [1, 0],
    [2, 1],
  ] as const;
  const moved = links.map(([from, to]) => `${from}>${to} ${run.movedMebibytes(from, to)}`);
  const free = [0, 1, 2].map((nid) => freePercent(nid).toFixed(1));
  return (
    `MiB by node: hot ${placeOf(hot).join(' ')}, cold ${cold0} and ${cold1}, moved ${moved.join(', ')}; ` +
    `free ${free.join(' ')} %`
  );
}

/** Cold memory on a node, until no more than the aim is free: well above all watermarks. */
function fill(node: 0 | 1): Promise<Workload> {
  const { free, total } = nodeMemory(node);
  const mebibytes = Math.floor((free - (total * freeAim) / 100) / MIB);
  return startWorkload(mebibytes, { hotPercent: 0, node, group: anywhere });
}

/** Whether both aims are as near as they have to be. */
function isNear(free: number): boolean {
  return Math.abs(free - freeAim) <= near && Math.abs(100 - free - useAim) <= near;
}

const suite: GuestSuite = {
  onRequest: true,
  kernels: ['newest'],
  topology: 'three-tiers',
  tests: {
    async 'a run starts where hot memory is slow and cold memory is fast'(t) {
      prepareTiers();
      const files = everySwitch();
      const slow = slowGroup();
      anywhere = new Cgroup('anywhere');
      slow.write('cgroup.procs', `${process.pid}`);
      const hot = await startWorkload(hotMebibytes, { hotPercent: 100, node: 2, group: anywhere });
      setPriority(hot.pid, politePriority);
      process.kill(hot.pid, 'SIGSTOP');
      const starting = TierRun.start(slow);
      const cold = [await fill(0), await fill(1)] as const;
      assert.deepEqual(placeOf(hot), [0, 0, hotMebibytes]);
      assert.ok(placeOf(cold[0])[0] >= 100, 'of what is cold, most is on node 0');
      assert.ok(placeOf(cold[1])[1] >= 100, 'and on node 1');
      scene = { files, hot, cold, run: await starting };
      process.kill(hot.pid, 'SIGCONT');
      t.note(places(scene));
    },

    async 'what is hot comes up'(t) {
      const { hot } = scene;
      await until(
        () => placeOf(hot)[0] >= firstMebibytes,
        () => places(scene),
        80_000,
      );
      t.note(places(scene));
    },

    async 'both aims are held for 30 s while memory trades places'(t) {
      const free = () => [freePercent(0), freePercent(1)];
      await until(
        () => free().every(isNear),
        () => places(scene),
      );
      const seen: number[][] = [];
      for (let second = 0; second < heldSeconds; second++) {
        await sleep(1000);
        seen.push(free());
      }
      for (const nid of [0, 1]) {
        const [least, most] = [Math.min, Math.max].map((of) => of(...seen.map((one) => one[nid]!)));
        t.note(`node ${nid}: ${least!.toFixed(1)} to ${most!.toFixed(1)} % free`);
      }
      t.note(places(scene));
      assert.ok(seen.flat().every(isNear), JSON.stringify(seen));
    },

    async 'what is hot has gone up, and what is cold has gone down'(t) {
      const { hot, cold, run } = scene;
      await until(
        () => placeOf(hot)[0] >= hotMebibytes / 3,
        () => places(scene),
        60_000,
      );
      t.note(places(scene));
      assert.ok(run.movedMebibytes(0, 1) >= 4, 'down from node 0');
      assert.ok(placeOf(cold[1])[2] >= 4, 'down from node 1');
      assert.ok(placeOf(cold[1])[0] <= 2, 'next to nothing cold has gone up');
    },

    async 'a competing allocator neither waits nor is killed'(t) {
      const counters = () => ['oom_kill', 'allocstall'].map(vmstat);
      for (let round = 0; round < 3; round++) {
        await using _ = await startWorkload(burstMebibytes, { hotPercent: 0, group: anywhere });
        await sleep(1000);
      }
      t.note(places(scene));
      assert.deepEqual(counters(), [0, 0], 'nor did anybody since the boot');
    },

    async 'an interrupt ends it, and all files are as before'() {
      assert.deepEqual(await scene.run.end('SIGINT'), [130, null]);
      assert.deepEqual(everySwitch(), scene.files);
    },
  },
};
export default suite;
