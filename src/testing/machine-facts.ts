import type { HostFacts } from '../host/host.ts';
import type { PolicyFacts } from '../policies/policy.ts';

const GIB = 2 ** 30;

/** A machine of 4 GiB with one node, two ranges of memory and 2 GiB of zram. */
export function machineFacts(differences: Partial<HostFacts> = {}): HostFacts {
  return {
    kernelRelease: '7.3.0',
    architecture: 'x86_64',
    pageSizeBytes: 4096,
    nrCpus: 2,
    memory: {
      totalBytes: 4 * GIB,
      freeBytes: GIB,
      availableBytes: 2 * GIB,
      swapTotalBytes: 2 * GIB,
      swapFreeBytes: 2 * GIB,
    },
    nodes: [{ nid: 0, totalBytes: 4 * GIB, freeBytes: GIB, hasCpu: true, distances: [10] }],
    pressure: { someUs: 0, fullUs: 0 },
    swapDevices: [{ path: '/dev/zram0', kind: 'zram', totalBytes: 2 * GIB, usedBytes: 0 }],
    zswap: false,
    memoryRanges: [
      { start: 2 ** 20, end: 3 * GIB },
      { start: 4 * GIB, end: 5 * GIB },
    ],
    zones: [{ nid: 0, name: 'Normal', range: { start: 4 * GIB, end: 5 * GIB } }],
    ...differences,
  };
}

/** The whole of that machine, watched by the kernel, unless `differences` say otherwise. */
export function policyFacts(differences: Partial<PolicyFacts> = {}): PolicyFacts {
  return {
    host: machineFacts(),
    subject: { kind: 'machine' },
    watcher: 'kernel',
    pids: [],
    ownCgroup: null,
    intervals: null,
    ...differences,
  };
}
