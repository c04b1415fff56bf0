/** DAMON itself, set up by hand, sees in an emulated machine what a process touches. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  HandMadeKdamond,
  hotBytes,
  type KernelRegion,
  switchDamonStatOff,
} from './hand-made-kdamond.ts';
import type { GuestSuite } from './harness.ts';
import { framesOf } from './memory-figures.ts';
import { startWorkload } from './workload.ts';

const mebibytes = 64;
const mebibyte = 2 ** 20;
/** Of 20 samples in an aggregation interval. */
const halfOfSamples = 10;
const watchMs = 3000;
const nrSnapshots = 9;

const suite: GuestSuite = {
  kernels: ['newest', '6.12'],
  topology: 'plain',
  tests: {
    async 'vaddr finds the hot quarter of a process, within 10 %'(t) {
      switchDamonStatOff();
      await using workload = await startWorkload(mebibytes);
      using kdamond = new HandMadeKdamond({ operations: 'vaddr', pid: workload.pid });
      kdamond.command('on');
      await sleep(watchMs);
      const inside: number[] = [];
      const outside: number[] = [];
      for (let i = 0; i < nrSnapshots; i++) {
        const regions = kdamond.regions();
        inside.push(hotBytes(regions, halfOfSamples, { ...workload, end: workload.hotEnd }));
        outside.push(hotBytes(regions, halfOfSamples, { ...workload, start: workload.hotEnd }));
      }
      const truth = workload.hotEnd - workload.start;
      const [hot, wrong] = [median(inside), median(outside)];
      t.note(`${hot / mebibyte} of ${truth / mebibyte} MiB, ${wrong / mebibyte} MiB wrongly`);
      assert.ok(Math.abs(hot - truth) <= truth / 10, 'most of the hot quarter');
      assert.ok(wrong <= truth / 10, 'hardly anything else');
    },

    async 'paddr sees the frames of the hot quarter as hot'(t) {
      switchDamonStatOff();
      await using workload = await startWorkload(mebibytes);
      using kdamond = new HandMadeKdamond({ operations: 'paddr', ...largestRam() });
      kdamond.command('on');
      await sleep(watchMs);
      const pages = framesOf(workload.pid, workload);
      const means = Array.from({ length: nrSnapshots }, () => {
        const regions = kdamond.regions();
        return {
          hot: meanAccesses(regions, pages.slice(0, pages.length / 4)),
          cold: meanAccesses(regions, pages.slice(pages.length / 4)),
        };
      });
      const [hot, cold] = [
        median(means.map((one) => one.hot)),
        median(means.map((one) => one.cold)),
      ];
      t.note(`${hot.toFixed(1)} accesses of 20 where hot, ${cold.toFixed(1)} where cold`);
      assert.ok(hot >= halfOfSamples, 'hot frames');
      assert.ok(cold <= hot / 4, 'cold frames');
    },
  },
};
export default suite;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function largestRam(): { readonly start: number; readonly end: number } {
  const ranges = readFileSync('/proc/iomem', 'utf8')
    .matchAll(/^([0-9a-f]+)-([0-9a-f]+) : System RAM$/gm)
    .map(([, start, last]) => ({ start: parseInt(start!, 16), end: parseInt(last!, 16) + 1 }));
  return [...ranges].reduce((a, b) => (b.end - b.start > a.end - a.start ? b : a));
}

function meanAccesses(regions: readonly KernelRegion[], addresses: readonly number[]): number {
  const found = addresses.map(
    (address) => regions.find(({ start, end }) => start <= address && address < end)?.nrAccesses,
  );
  return found.reduce<number>((sum, nrAccesses) => sum + (nrAccesses ?? 0), 0) / found.length;
}
