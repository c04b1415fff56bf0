/** Parameters for guest tests: what they watch, and schemes of which only what matters is said. */
import { readFileSync } from 'node:fs';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, MATCH_ALL } from '../../src/params/defaults.ts';
import type { Action, AddressRange, Attrs, Params, Scheme } from '../../src/params/types.ts';

export const MIB: number = 2 ** 20;

const common = {
  addrUnit: 1,
  minRegionSize: 4096,
  attrs: DEFAULT_ATTRS,
  probes: [],
  paused: false,
};

/** Memory that nobody has accessed for two aggregation intervals. */
export const cold: Scheme['pattern'] = {
  ...MATCH_ALL,
  nrAccesses: { min: 0, max: 0 },
  age: { min: 2, max: 'max' },
};

/** Memory that is accessed in at least half of the samples. */
export const hot: Scheme['pattern'] = { ...MATCH_ALL, nrAccesses: { min: 10, max: 'max' } };

export function scheme(action: Action, changes: Partial<Scheme> = {}): Scheme {
  return { ...DEFAULT_SCHEME, action, ...changes };
}

/** Just one range of a process, so that gaps in its address space cost nothing. */
export function rangeOf(
  { pid, start, end }: { readonly pid: number } & AddressRange,
  schemes: readonly Scheme[],
  attrs: Partial<Attrs> = {},
): Params {
  return {
    ...common,
    operations: 'fvaddr',
    attrs: { ...DEFAULT_ATTRS, ...attrs },
    targets: [{ pid, regions: [{ start, end }], obsolete: false }],
    schemes,
  };
}

/** The whole address space of processes, one target each. */
export function processes(
  pids: readonly number[],
  schemes: readonly Scheme[],
  attrs: Partial<Attrs> = {},
): Params {
  return {
    ...common,
    operations: 'vaddr',
    attrs: { ...DEFAULT_ATTRS, ...attrs },
    targets: pids.map((pid) => ({ pid, regions: [], obsolete: false })),
    schemes,
  };
}

/** All of the machine's memory. */
export function physical(schemes: readonly Scheme[], attrs: Partial<Attrs> = {}): Params {
  return {
    ...common,
    operations: 'paddr',
    attrs: { ...DEFAULT_ATTRS, ...attrs },
    targets: [{ regions: systemRam(), obsolete: false }],
    schemes,
  };
}

function systemRam(): AddressRange[] {
  return [
    ...readFileSync('/proc/iomem', 'utf8').matchAll(/^([0-9a-f]+)-([0-9a-f]+) : System RAM$/gm),
  ].map(([, start, last]) => ({
    start: Math.ceil(Number.parseInt(start!, 16) / 4096) * 4096,
    end: Math.floor((Number.parseInt(last!, 16) + 1) / 4096) * 4096,
  }));
}
