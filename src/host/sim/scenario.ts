/**
 * Scenario files: a simulated machine and what runs on it. `docs/simulator.md` explains every
 * field.
 */
import { parse } from 'yaml';
import { z } from 'zod';
import { ThermoclineError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import { type AcmaSpec, acmaSpec } from './acma-spec.ts';
import { parseMasim } from './masim.ts';
import { PAGE_SIZE } from './page.ts';
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
}

/** A whole scenario, checked and with nothing left out. */
export interface Scenario {
  readonly seed: number;
  /** How long a run takes unless told otherwise. */
  readonly durationUs: number;
  readonly nodes: readonly NodeSpec[];
  readonly swap: { readonly sizeBytes: number; readonly latencyUs: number };
  /** What the kernel does about tiers on its own. */
  readonly kernel: KernelSpec;
  readonly processes: readonly ProcessSpec[];
  /** Set where the machine is a guest whose memory is scaled. */
  readonly acma: AcmaSpec | null;
}

/** The kernel's own tiering; both are off on a new machine, as in Linux. */
export interface KernelSpec {
  /** A node that runs short moves what was used longest ago to the next slower one. */
  readonly demotion: boolean;
  /** Pages that fault soon after they were protected go to the fastest node. */
  readonly hintFaults: boolean;
}

/** Keeps page numbers of a mapping within 31 bits. */
const MAX_MAPPING_BYTES = 2 ** 43;

/** What fits between the heap and the stack. */
const MAX_PROCESS_BYTES = 2 ** 45;

const text = z.string().min(1).max(200);
const share = z.number().min(0).max(1);
const rate = z.number().min(0).max(1e9);

const part = { vma: text, from: share.default(0), to: share.default(1) };
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
  cgroup: z.string().startsWith('/').max(4096).optional(),
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
        releases: z.array(text).max(10_000).default([]),
      }),
    )
    .max(10_000)
    .default([]),
  repeat: z.boolean().default(true),
});

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
      }),
    )
    .min(1)
    .max(64),
  swap: z
    .strictObject({ sizeBytes: bytes, latencyUs: z.number().min(0).max(1e6).default(100) })
    .default({ sizeBytes: 0, latencyUs: 100 }),
  kernel: z
    .strictObject({ demotion: z.boolean().default(false), hintFaults: z.boolean().default(false) })
    .default({ demotion: false, hintFaults: false }),
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
    throw invalid(source, `${place}: ${issue.message}`);
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
    throw invalid(source, `it is not YAML: ${reason}`);
  }
}

function toProcess(
  entry: z.output<typeof process>,
  index: number,
  source: string,
  readFile: ((path: string) => string) | undefined,
): ProcessSpec {
  const { name, masim, repeat } = entry;
  if (masim !== undefined && entry.vmas.length + entry.phases.length + entry.accesses.length > 0) {
    throw invalid(source, `process ${name} has both "masim" and mappings of its own; keep one`);
  }
  if (masim !== undefined && readFile === undefined) {
    throw invalid(source, `process ${name} names a masim file, which can't be read from here`);
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
  const result = { name, pid, cgroup: entry.cgroup ?? `/${name}`, repeat, ...workload };
  checkProcess(result, source);
  return result;
}

function checkProcess(process: ProcessSpec, source: string): void {
  const where = `process ${process.name}`;
  const names = new Set(process.vmas.map(({ name }) => name));
  if (names.size === 0) throw invalid(source, `${where} has no mappings; give it "vmas"`);
  if (names.size < process.vmas.length) {
    throw invalid(source, `${where} has two mappings of one name; name each its own`);
  }
  for (const { name, sizeBytes } of process.vmas) {
    if (sizeBytes === 0 || sizeBytes % PAGE_SIZE !== 0) {
      throw invalid(
        source,
        `mapping ${name} of ${where} has ${sizeBytes} bytes; sizes are multiples of 4 KiB`,
      );
    }
  }
  const large = process.vmas.find(({ sizeBytes }) => sizeBytes > MAX_MAPPING_BYTES);
  if (large) throw invalid(source, `mapping ${large.name} of ${where} is larger than 8 TiB`);
  if (process.vmas.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > MAX_PROCESS_BYTES) {
    throw invalid(source, `${where} maps more than 32 TiB; use several processes`);
  }
  for (const { durationUs, releases } of process.phases) {
    if (durationUs < 1000) throw invalid(source, `${where} has a phase shorter than 1 ms`);
    const unknown = releases.find((name) => !names.has(name));
    if (unknown !== undefined) {
      throw invalid(source, `${where} releases "${unknown}", which is not one of its mappings`);
    }
  }
  for (const accesses of [process.accesses, ...process.phases.map((phase) => phase.accesses)]) {
    checkAccesses([...process.accesses, ...accesses], names, where, source);
  }
}

function checkAccesses(
  accesses: readonly AccessSpec[],
  names: ReadonlySet<string>,
  where: string,
  source: string,
): void {
  const shuffled = new Set<AccessSpec>();
  for (const access of accesses) {
    if (!names.has(access.vma)) {
      throw invalid(source, `${where} accesses "${access.vma}", which is not one of its mappings`);
    }
    if (access.from >= access.to) {
      throw invalid(
        source,
        `${where} accesses "${access.vma}" from ${access.from} to ${access.to}`,
      );
    }
    if (access.pattern !== 'zipf' || access.layout === 'sorted') continue;
    shuffled.add(access);
    if ([...shuffled].filter(({ vma }) => vma === access.vma).length > 1) {
      throw invalid(
        source,
        `${where} has two shuffled zipf accesses to "${access.vma}" at once; split the mapping`,
      );
    }
  }
}

function checkMachine(scenario: Scenario, source: string): void {
  const total = (sizes: readonly { readonly sizeBytes: number }[]) =>
    sizes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const { sizeBytes } of scenario.nodes) {
    if (sizeBytes < 2 ** 20 || sizeBytes % PAGE_SIZE !== 0) {
      throw invalid(source, `a node has ${sizeBytes} bytes; give it at least 1 MiB of whole pages`);
    }
  }
  const pids = new Set(scenario.processes.map(({ pid }) => pid));
  if (pids.size < scenario.processes.length) {
    throw invalid(source, 'two processes have the same pid; give each its own');
  }
  const populated = total(
    scenario.processes.flatMap(({ vmas }) => vmas.filter((vma) => vma.populated)),
  );
  const memory = total(scenario.nodes);
  if (populated > memory * 0.995 + scenario.swap.sizeBytes) {
    throw invalid(
      source,
      `its mappings have ${formatBytes(populated)}, but nodes and swap together only ` +
        `${formatBytes(memory + scenario.swap.sizeBytes)}; make one fit the other`,
    );
  }
}

function invalid(source: string, problem: string): ThermoclineError {
  const end = problem.endsWith('.') ? '' : '.';
  return new ThermoclineError(
    'TC_INVALID',
    `The scenario ${source} can't be used: ${problem}${end}`,
  );
}
