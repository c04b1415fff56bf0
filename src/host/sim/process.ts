/** A process of the simulated machine: its mappings, and what it does with them when. */
import { alignDown } from '../../base/arithmetic.ts';
import { ExtentMap } from './extents.ts';
import { salt32 } from './hash.ts';
import { HUGE_PAGES, PAGE_SIZE } from './page.ts';
import { type Sample, sampleRate } from './population.ts';
import { RequestLatency } from './request-latency.ts';
import { passes, type Scan, scanCuts, sincePassUs, toScan, untilPassUs } from './scan.ts';
import type { AccessSpec, ProcessSpec, VmaKind, VmaSpec } from './scenario.ts';
import type { Skew } from './skew.ts';
import { compileRates, isMoving, type Moment, type Rates } from './workload.ts';

const HEAP_START = 0x555555757000;
const MMAP_END = 0x7ffff7e00000;
const STACK_END = 0x7ffffffff000;
const SMALL_VMA_BYTES = 132 * 1024;

/** Expected accesses of which none is missing. */
const SURELY = 20;

/** So many phases are looked back at; what lies before them counts as long ago. */
const MAX_LOOK_BACK = 64;

interface VmaPlace {
  readonly start: number;
  readonly firstHome: number;
}

/** One mapping. */
export class SimVma {
  readonly process: SimProcess;
  readonly name: string;
  readonly kind: VmaKind;
  /** Byte addresses. */
  readonly start: number;
  readonly end: number;
  readonly pages: number;
  readonly populated: boolean;
  /** Page number of its first page among those of all mappings of the machine. */
  readonly firstHome: number;
  readonly salt: number;
  readonly extents: ExtentMap;
  /** Pages that are on no node; kept by `Memory`. */
  missingPages: number;
  /** The part of them that was reclaimed. */
  awayPages = 0;
  /** Rates of each phase, without scans; other moving patterns are spread over their part. */
  readonly phaseRates: readonly Rates[];
  /** Scans of each phase. */
  readonly phaseScans: readonly (readonly Scan[])[];
  /** Shuffled popularity, in whatever phase. */
  readonly skew: Skew | null;
  /** Pages at which pages differ in any phase; ordered, without the mapping's ends. */
  readonly bounds: readonly number[];
  /** In force in this moment. */
  rates: Rates;

  constructor(process: SimProcess, spec: VmaSpec, place: VmaPlace, salt: number) {
    this.process = process;
    this.name = spec.name;
    this.kind = spec.kind;
    this.start = place.start;
    this.end = place.start + spec.sizeBytes;
    this.pages = spec.sizeBytes / PAGE_SIZE;
    this.populated = spec.populated;
    this.firstHome = place.firstHome;
    this.salt = salt;
    this.missingPages = this.pages;
    const always = { fromUs: 0, toUs: 1 };
    const accesses = phaseIndexes(process.spec).map((phase) =>
      accessesOf(process.spec, this.name, phase),
    );
    this.phaseRates = accesses.map((list) => {
      const still = list.filter(({ pattern }) => pattern !== 'scan').map(spread);
      return compileRates(this.pages, still, always, salt);
    });
    this.phaseScans = accesses.map((list) =>
      list.filter((access) => access.pattern === 'scan').map((scan) => toScan(scan, this.pages)),
    );
    this.skew = this.phaseRates.find(({ skew }) => skew !== null)?.skew ?? null;
    const starts = this.phaseRates.flatMap(({ pieces }) => pieces.map((piece) => piece.start));
    const cuts = this.phaseScans.flat().flatMap(scanCuts);
    this.bounds = [...new Set([...starts, ...cuts])]
      .filter((page) => page > 0 && page < this.pages)
      .sort((a, b) => a - b);
    this.extents = new ExtentMap({
      pages: this.pages,
      huge: spec.kind === 'huge',
      walls: this.bounds,
    });
    this.rates = this.phaseRates[0]!;
  }

  /** Puts the rates of a moment within a phase in force; returns whether they are new. */
  setMoment(phase: number, moment: Moment): boolean {
    const accesses = accessesOf(this.process.spec, this.name, phase);
    const rates = accesses.some(isMoving)
      ? compileRates(this.pages, accesses, moment, this.salt)
      : this.phaseRates[phase]!;
    const changed = rates !== this.rates;
    this.rates = rates;
    return changed;
  }
}

/** A phase as it runs, on the machine's time since its start. */
interface PhaseSpan {
  readonly index: number;
  readonly startUs: number;
  readonly endUs: number;
}

/** A process: where its mappings are, its phases, and how it has fared. */
export class SimProcess {
  readonly spec: ProcessSpec;
  readonly pid: number;
  /** In address order. */
  readonly vmas: readonly SimVma[];
  readonly latency: RequestLatency;
  /** Share of its full speed at which it ran in the last slice. */
  speed = 1;
  alive = true;
  /** Microseconds in which it waited for reclaimed pages, or for room. */
  stallUs = 0;
  /** Of the stalls, those that its next slices still have to wait. */
  owedStallUs = 0;
  /** Seconds that it has run, and the seconds of work that it got done in them. */
  ranSeconds = 0;
  workSeconds = 0;
  /** Microseconds that moves of its pages have cost, to be taken from its next slice. */
  owedUs = 0;
  /** Pages that were reclaimed and needed again. */
  refaults = 0;
  /** For the mean resident size. */
  residentByteSeconds = 0;
  readonly #cycleUs: number;

  /** @param firstHome pages that the machine's processes before it have mapped */
  constructor(spec: ProcessSpec, seed: number, firstHome: number) {
    this.spec = spec;
    this.pid = spec.pid;
    this.latency = new RequestLatency(spec.requests.workUs);
    const salt = salt32(seed, spec.pid);
    let home = firstHome;
    this.vmas = layOut(spec.vmas).map(({ vma, start }, index) => {
      const place = { start, firstHome: home };
      home += vma.sizeBytes / PAGE_SIZE;
      return new SimVma(this, vma, place, salt32(salt, index));
    });
    this.#cycleUs = spec.phases.reduce((sum, { durationUs }) => sum + durationUs, 0);
  }

  get mappedPages(): number {
    return this.vmas.reduce((sum, { pages }) => sum + pages, 0);
  }

  get residentPages(): number {
    return this.vmas.reduce((sum, vma) => sum + (vma.pages - vma.missingPages), 0);
  }

  get residentBytes(): number {
    return this.residentPages * PAGE_SIZE;
  }

  get awayBytes(): number {
    return this.vmas.reduce((sum, { awayPages }) => sum + awayPages, 0) * PAGE_SIZE;
  }

  /** Whether the process has come to its end at this time. */
  endsBy(timeUs: number): boolean {
    return !this.spec.repeat && this.#cycleUs > 0 && timeUs >= this.#cycleUs;
  }

  /** When the phase of this time ends. */
  phaseEndUs(timeUs: number): number {
    return this.#phaseAt(timeUs).endUs;
  }

  /** Mappings whose memory it gives back at this time. */
  releasedAt(timeUs: number): readonly SimVma[] {
    const { index, startUs } = this.#phaseAt(timeUs);
    const released = startUs === timeUs ? this.spec.phases[index]?.releases : undefined;
    return released === undefined ? [] : this.vmas.filter(({ name }) => released.includes(name));
  }

  /** Requests that arrive in a second at this time. */
  requestsPerSecond(timeUs: number): number {
    const phase = this.spec.phases[this.#phaseAt(timeUs).index];
    return phase?.requestsPerSecond ?? this.spec.requests.perSecond;
  }

  /** Puts the rates of a moment in force; returns whether any is new. */
  setMoment(moment: Moment): boolean {
    const { index } = this.#phaseAt(moment.fromUs);
    return this.vmas.filter((vma) => vma.setMoment(index, moment)).length > 0;
  }

  /** Expected number of accesses in (fromUs, toUs] to a page that a sample stands for. */
  accessesBetween(vma: SimVma, sample: Sample, fromUs: number, toUs: number): number {
    let sum = 0;
    let endUs = toUs;
    for (let step = 0; step < MAX_LOOK_BACK && endUs > fromUs; step++) {
      const { index, startUs } = this.#phaseAt(endUs - 1);
      const beginUs = Math.max(startUs, fromUs);
      sum += (sampleRate(vma.phaseRates[index]!, sample) * (endUs - beginUs)) / 1e6;
      for (const scan of vma.phaseScans[index]!) {
        if (passes(scan, sample.page, beginUs, endUs)) sum += SURELY;
      }
      endUs = beginUs;
    }
    return sum * this.speed;
  }

  /** How far back, in microseconds, one access to a page that a sample stands for is expected. */
  idleUs(vma: SimVma, sample: Sample, nowUs: number): number {
    let left = 1;
    let endUs = nowUs;
    for (let step = 0; step < MAX_LOOK_BACK && endUs > 0; step++) {
      const { index, startUs } = this.#phaseAt(endUs - 1);
      const rate = sampleRate(vma.phaseRates[index]!, sample) * this.speed;
      const passUs = vma.phaseScans[index]!.map((scan) => sincePassUs(scan, sample.page, endUs));
      const lastUs = endUs - Math.min((left / rate) * 1e6, ...passUs);
      if (lastUs >= startUs) return nowUs - lastUs;
      left -= (rate * (endUs - startUs)) / 1e6;
      endUs = startUs;
    }
    // Never: what is next most likely to be needed is kept longest.
    return nowUs + left * 1e6;
  }

  /**
   * Microseconds from `timeUs` until a page that a sample stands for is accessed next: when a scan
   * comes by, or one access is to be expected. Only who knows the workload can ask this.
   */
  untilAccessUs(vma: SimVma, sample: Sample, timeUs: number): number {
    let left = 1;
    let startUs = timeUs;
    for (let step = 0; step < MAX_LOOK_BACK && Number.isFinite(startUs); step++) {
      const { index, endUs } = this.#phaseAt(startUs);
      const rate = sampleRate(vma.phaseRates[index]!, sample) * this.speed;
      const passUs = vma.phaseScans[index]!.map((scan) => untilPassUs(scan, sample.page, startUs));
      const nextUs = startUs + Math.min((left / rate) * 1e6, ...passUs);
      if (nextUs <= endUs) return nextUs - timeUs;
      left -= (rate * (endUs - startUs)) / 1e6;
      startUs = endUs;
    }
    return Infinity;
  }

  #phaseAt(timeUs: number): PhaseSpan {
    if (this.#cycleUs === 0) return { index: 0, startUs: 0, endUs: Infinity };
    const past = this.spec.repeat ? alignDown(timeUs, this.#cycleUs) : 0;
    let startUs = past;
    let index = 0;
    for (const { durationUs } of this.spec.phases) {
      if (timeUs < startUs + durationUs || index === this.spec.phases.length - 1) {
        return { index, startUs, endUs: startUs + durationUs };
      }
      startUs += durationUs;
      index += 1;
    }
    return { index: 0, startUs: past, endUs: Infinity };
  }
}

/** Index of each phase; without phases, of the one that lasts for ever. */
function phaseIndexes({ phases }: ProcessSpec): number[] {
  return phases.length === 0 ? [0] : [...phases.keys()];
}

function accessesOf(spec: ProcessSpec, vma: string, phase: number): AccessSpec[] {
  const accesses = [...spec.accesses, ...(spec.phases[phase]?.accesses ?? [])];
  return accesses.filter((access) => access.vma === vma);
}

/** The same accesses without their movement, for looking back. */
function spread(access: AccessSpec): AccessSpec {
  if (access.pattern !== 'latest') return access;
  const { vma, from, to, ratePerSecond } = access;
  return { vma, from, to, pattern: 'uniform', ratePerSecond };
}

/** Puts a heap low, a stack high and everything else below the stack, as Linux does. */
function layOut(vmas: readonly VmaSpec[]): { vma: VmaSpec; start: number }[] {
  const small = (name: string): VmaSpec => ({
    name,
    kind: 'anon',
    sizeBytes: SMALL_VMA_BYTES,
    populated: true,
  });
  const heap = vmas.find(({ name }) => name === 'heap') ?? small('[heap]');
  const stack = vmas.find(({ name }) => name === 'stack') ?? small('[stack]');
  const others = vmas.filter((vma) => vma !== heap && vma !== stack);
  const placed = [{ vma: heap, start: HEAP_START }];
  const size = others.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let start = alignDown(MMAP_END - size, HUGE_PAGES * PAGE_SIZE);
  for (const vma of others) {
    placed.push({ vma, start });
    start += vma.sizeBytes;
  }
  placed.push({ vma: stack, start: STACK_END - stack.sizeBytes });
  return placed;
}
