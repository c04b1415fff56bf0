/**
 * Scenario files: a simulated machine and what runs on it. `docs/simulator.md` explains every
 * field.
 */
import { parse } from 'yaml';
import { z } from 'zod';
import { type AcmaSpec, acmaSpec } from './acma-spec.ts';
import { checkMachine, checkProcess, invalidScenario } from './check-scenario.ts';
import { parseMasim } from './masim.ts';
import { bytes, duration } from './scenario-quantities.ts';

/**
 * `file` pages are dropped and read again where others are swapped; `huge` starts in 2 MiB pages.
 */
export type VmaKind = 'anon' | 'file' | 'huge';

/** One mapping, as written. */
export interface VmaSpec {
  readonly name: string;
  readonly kind: VmaKind;
  /** A whole number of pages. */
  readonly sizeBytes: number;
  /** Whether all pages are there from the start; otherwise they come with their first access. */
  readonly populated: boolean;
}

interface AccessBase {
  readonly vma: string;
  /** Share of the accesses that write (default 0): pages of files are then dirty for a while. */
  readonly writeShare?: number;
  /** The part of the mapping that is accessed, as shares of it: 0…1. */
  readonly from: number;
  readonly to: number;
}

/** One kind of access to one mapping. Rates are per second and page, on average over the part. */
export type AccessSpec =
  | (AccessBase & { readonly pattern: 'uniform'; readonly ratePerSecond: number })
  | (AccessBase & {
      readonly pattern: 'hotset';
      readonly ratePerSecond: number;
      /** Share of the part that is hot (its front), and share of the accesses that go there. */
      readonly hotShare: number;
      readonly hotAccessShare: number;
    })
  | (AccessBase & {
      readonly pattern: 'zipf';
      readonly ratePerSecond: number;
      readonly theta: number;
      /** How popularity lies in memory: falling, shuffled by 2 MiB, or shuffled by page. */
      readonly layout: 'sorted' | 'blocked' | 'scrambled';
    })
  | (AccessBase & { readonly pattern: 'scan'; readonly bytesPerSecond: number })
  | (AccessBase & {
      readonly pattern: 'latest';
      readonly ratePerSecond: number;
      readonly theta: number;
      /** How fast the most popular place moves on. */
      readonly bytesPerSecond: number;
    });

/** What a process does for a time. */
export interface PhaseSpec {
  readonly durationUs: number;
  readonly accesses: readonly AccessSpec[];
  /** Mappings whose memory is given back when the phase begins; new pages come with accesses. */
  readonly releases: readonly string[];
  /** Requests that arrive in a second while it lasts; null or absent: what the process says. */
  readonly requestsPerSecond?: number | null;
}

/** What a process works on. */
export interface RequestSpec {
  /** Work of one request, on average. */
  readonly workUs: number;
  /** Requests that arrive in a second; 0: the next one comes when the last one is done. */
  readonly perSecond: number;
}

/** Where reclaimed anonymous pages go. */
export interface SwapSpec {
  /** `zram` keeps them in memory, compressed. */
  readonly kind: 'disk' | 'zram';
  readonly sizeBytes: number;
  /** Until a page is back. */
  readonly latencyUs: number;
  /** Bytes of pages in one byte of the pool of zram; 1 for disks. */
  readonly compressionRatio: number;
}

/** How the kernel itself reclaims, and what it does about tiers. */
export interface KernelSpec {
  /** Active and inactive lists, or generations (MGLRU). */
  readonly reclaim: 'lru' | 'mglru';
  /** How gladly anonymous pages are taken, against those of files: 0…200. */
  readonly swappiness: number;
  /** Move what was used longest ago to a slower node when a faster one runs short. */
  readonly demotion: boolean;
  /** Bring up pages of slower nodes that are found accessed soon after they were protected. */
  readonly hintFaults: boolean;
}

/** Limits of a cgroup, as written. */
export interface CgroupSpec {
  readonly path: string;
  /** Above it, memory is reclaimed while its processes wait. `Infinity`: no limit. */
  readonly highBytes: number;
  /** Never exceeded: pages are denied before. */
  readonly maxBytes: number;
}

/** One process, as written; what was left out is filled in. */
export interface ProcessSpec {
  readonly name: string;
  readonly pid: number;
  readonly cgroup: string;
  readonly vmas: readonly VmaSpec[];
  /** Accesses that go on in every phase. */
  readonly accesses: readonly AccessSpec[];
  /** One after the other; none means one without end. */
  readonly phases: readonly PhaseSpec[];
  /** After the last phase: begin again, or end the process. */
  readonly repeat: boolean;
  readonly requests: RequestSpec;
}

/** One NUMA node, as written. */
export interface NodeSpec {
  readonly sizeBytes: number;
  readonly latencyNs: number;
  /** Above half of it, accesses get slower; 0: no limit. */
  readonly bandwidthBytesPerSecond: number;
  /** 0 is the fastest; a process's pages go to the fastest node with room. */
  readonly tier: number;
  /** Share of its blocks of 2 MiB that hold a page which can't be moved, 0…1. */
  readonly unmovableShare: number;
  /** Size of its zone Movable, at its end, where all pages can be moved. */
  readonly movableBytes: number;
}

/** A whole scenario, checked and with nothing left out. */
export interface Scenario {
  readonly seed: number;
  /** How long a run takes unless told otherwise. */
  readonly durationUs: number;
  readonly nodes: readonly NodeSpec[];
  readonly swap: SwapSpec;
  /** Where files are: how long a page takes to be read again. */
  readonly storage: { readonly latencyUs: number };
  readonly kernel: KernelSpec;
  readonly cgroups: readonly CgroupSpec[];
  readonly processes: readonly ProcessSpec[];
  /** Set where the machine is a guest whose memory is scaled. */
  readonly acma: AcmaSpec | null;
}

const text = z.string().min(1).max(200);
const share = z.number().min(0).max(1);
const rate = z.number().min(0).max(1e9);

const latencyUs = z.number().min(0).max(1e6);
const cgroupPath = z.string().startsWith('/').max(4096);

const part = {
  vma: text,
  from: share.default(0),
  to: share.default(1),
  writeShare: share.default(0),
};
const theta = z.number().min(0).max(5).default(0.99);

const access = z.discriminatedUnion('pattern', [
  z.strictObject({ ...part, pattern: z.literal('uniform'), ratePerSecond: rate }),
  z.strictObject({
    ...part,
    pattern: z.literal('hotset'),
    ratePerSecond: rate,
    hotShare: share.default(0.1),
    hotAccessShare: share.default(0.9),
  }),
  z.strictObject({
    ...part,
    pattern: z.literal('zipf'),
    ratePerSecond: rate,
    theta,
    layout: z.enum(['sorted', 'blocked', 'scrambled']).default('sorted'),
  }),
  z.strictObject({ ...part, pattern: z.literal('scan'), bytesPerSecond: bytes }),
  z.strictObject({
    ...part,
    pattern: z.literal('latest'),
    ratePerSecond: rate,
    theta,
    bytesPerSecond: bytes,
  }),
]);

const process = z.strictObject({
  name: text,
  pid: z.int().min(1).max(4194304).optional(),
  cgroup: cgroupPath.optional(),
  masim: text.optional(),
  vmas: z
    .array(
      z.strictObject({
        name: text,
        kind: z.enum(['anon', 'file', 'huge']).default('anon'),
        sizeBytes: bytes,
        populated: z.boolean().default(true),
      }),
    )
    .max(10_000)
    .default([]),
  accesses: z.array(access).max(10_000).default([]),
  phases: z
    .array(
      z.strictObject({
        durationMs: duration(1000),
        accesses: z.array(access).max(10_000).default([]),
        requestsPerSecond: rate.nullable().default(null),
        releases: z.array(text).max(10_000).default([]),
      }),
    )
    .max(10_000)
    .default([]),
  repeat: z.boolean().default(true),
  requests: z
    .strictObject({ workUs: duration(1).default(10_000), perSecond: rate.default(0) })
    .default({ workUs: 10_000, perSecond: 0 }),
});

/** What a page takes to come back, in microseconds, where the scenario doesn't say. */
/** Microseconds that a page takes to come back. */
export const SWAP_LATENCY_US: Readonly<Record<'disk' | 'zram', number>> = { disk: 100, zram: 10 };

/** What zram commonly makes of memory. */
export const COMPRESSION_RATIO = 3;

const swap = z
  .strictObject({
    kind: z.enum(['disk', 'zram']).default('disk'),
    sizeBytes: bytes,
    latencyUs: latencyUs.optional(),
    compressionRatio: z.number().min(1).max(100).optional(),
  })
  .transform(({ kind, sizeBytes, ...rest }, context): SwapSpec => {
    if (kind === 'disk' && rest.compressionRatio !== undefined) {
      context.addIssue({ code: 'custom', message: 'only zram has a compressionRatio' });
    }
    const latencyUs = rest.latencyUs ?? SWAP_LATENCY_US[kind];
    const compressionRatio = kind === 'zram' ? (rest.compressionRatio ?? COMPRESSION_RATIO) : 1;
    return { kind, sizeBytes, latencyUs, compressionRatio };
  })
  .default({ kind: 'disk', sizeBytes: 0, latencyUs: SWAP_LATENCY_US.disk, compressionRatio: 1 });

const limit = bytes.optional().transform((value) => value ?? Number.POSITIVE_INFINITY);

const cgroup = z.strictObject({ path: cgroupPath, highBytes: limit, maxBytes: limit });

const scenario = z.strictObject({
  seed: z.int().min(0).default(1),
  durationMs: duration(1000).default(60_000_000),
  nodes: z
    .array(
      z.strictObject({
        sizeBytes: bytes,
        latencyNs: z.number().positive().max(1e6).default(90),
        bandwidthBytesPerSecond: bytes.default(0),
        tier: z.int().min(0).max(63).default(0),
        unmovableShare: share.default(0),
        movableBytes: bytes.default(0),
      }),
    )
    .min(1)
    .max(64),
  swap,
  storage: z.strictObject({ latencyUs: latencyUs.default(100) }).default({ latencyUs: 100 }),
  kernel: z
    .strictObject({
      reclaim: z.enum(['lru', 'mglru']).default('lru'),
      swappiness: z.int().min(0).max(200).default(60),
      demotion: z.boolean().default(false),
      hintFaults: z.boolean().default(false),
    })
    .prefault({}),
  cgroups: z.array(cgroup).max(1000).default([]),
  processes: z.array(process).min(1).max(1000),
  acma: acmaSpec.nullable().default(null),
});

/**
 * Reads a scenario file.
 * @param source names the file in errors
 * @param readFile gives the text of a masim file that the scenario names; without it none may be
 * named
 */
export function parseScenario(
  yaml: string,
  source: string,
  readFile?: (path: string) => string,
): Scenario {
  const parsed = scenario.safeParse(readYaml(yaml, source));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const place = issue.path.map(String).join('.') || 'the file';
    throw invalidScenario(source, `${place}: ${issue.message}`);
  }
  const { durationMs: durationUs, processes, ...machine } = parsed.data;
  const result: Scenario = {
    ...machine,
    durationUs,
    processes: processes.map((entry, index) => toProcess(entry, index, source, readFile)),
  };
  checkMachine(result, source);
  return result;
}

function readYaml(yaml: string, source: string): unknown {
  try {
    return parse(yaml, { maxAliasCount: 1000 });
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw invalidScenario(source, `it is not YAML: ${reason}`);
  }
}

function toProcess(
  entry: z.output<typeof process>,
  index: number,
  source: string,
  readFile: ((path: string) => string) | undefined,
): ProcessSpec {
  const { name, masim, repeat, requests } = entry;
  if (masim !== undefined && entry.vmas.length + entry.phases.length + entry.accesses.length > 0) {
    throw invalidScenario(
      source,
      `process ${name} has both "masim" and mappings of its own; keep one`,
    );
  }
  if (masim !== undefined && readFile === undefined) {
    throw invalidScenario(
      source,
      `process ${name} names a masim file, which can't be read from here`,
    );
  }
  const workload =
    masim === undefined
      ? {
          vmas: entry.vmas,
          accesses: entry.accesses,
          phases: entry.phases.map(({ durationMs, ...phase }) => ({
            durationUs: durationMs,
            ...phase,
          })),
        }
      : { ...parseMasim(readFile!(masim), masim), accesses: [] };
  const pid = entry.pid ?? 1000 + index;
  const cgroup = entry.cgroup ?? `/${name}`;
  const result = { name, pid, cgroup, repeat, requests, ...workload };
  checkProcess(result, source);
  return result;
}
