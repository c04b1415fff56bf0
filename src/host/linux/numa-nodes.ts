import { join } from 'node:path';
import type { NumaNode, Roots } from '../host.ts';
import { parseKilobytes, parseNumberList } from './fields.ts';
import { readMemoryTotals } from './memory-totals.ts';
import { readTextIfAny } from './read-file.ts';

/**
 * Reads the NUMA nodes below `/sys/devices/system/node`. A kernel without NUMA has no such folder:
 * its memory is one node.
 */
export function readNumaNodes(roots: Roots): NumaNode[] {
  const folder = join(roots.sys, 'devices/system/node');
  const online = readTextIfAny(join(folder, 'online'));
  if (online === null) return [onlyNode(roots)];
  const nids = parseNumberList(online);
  return nids.map((nid) => readNode(join(folder, `node${nid}`), nid, nids));
}

function readNode(folder: string, nid: number, nids: readonly number[]): NumaNode {
  const read = (name: string) => readTextIfAny(join(folder, name)) ?? '';
  const sizes = parseKilobytes(read('meminfo'));
  // The file lists the nodes that are online, one after another, without their numbers.
  const listed = parseNumberList(read('distance'));
  const distances = new Array<number>((nids.at(-1) ?? 0) + 1).fill(0);
  nids.forEach((other, place) => {
    distances[other] = listed[place] ?? 0;
  });
  return {
    nid,
    totalBytes: sizes.get('MemTotal') ?? 0,
    freeBytes: sizes.get('MemFree') ?? 0,
    hasCpu: parseNumberList(read('cpulist')).length > 0,
    distances,
  };
}

function onlyNode(roots: Roots): NumaNode {
  const { totalBytes, freeBytes } = readMemoryTotals(roots);
  return { nid: 0, totalBytes, freeBytes, hasCpu: true, distances: [10] };
}
