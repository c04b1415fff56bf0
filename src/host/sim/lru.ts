/**
 * The kernel's two lists. Pages begin on the inactive list and are looked at when their turn comes:
 * those used since they were put there become active, the others are taken. When the inactive list
 * gets short, the oldest active pages are put on it, used or not, and have that time to prove
 * themselves.
 */
import type { Memory } from './memory.ts';
import type { SimProcess, SimVma } from './process.ts';
import {
  type Candidate,
  candidatesOf,
  type Reclaimed,
  type Reclaimer,
  ReclaimPass,
  type ReclaimScope,
  sizeOf,
} from './reclaim.ts';

/** Most rounds over the lists in one go. */
const ROUNDS = 8;

/** The largest swappiness; half of it treats both kinds alike. */
const MAX_SWAPPINESS = 200;

const PAGES_IN_GIB = 262_144;

/** So many of the oldest are looked for one by one. */
const FEW = 4;

/** Active and inactive lists, for anonymous pages and for those of files. */
export class LruReclaimer implements Reclaimer {
  readonly #memory: Memory;
  readonly #processes: readonly SimProcess[];
  readonly #swappiness: number;
  /** Pages that came back, by kind, the older the less they count. */
  readonly #cost: { anon: number; file: number } = { anon: 0, file: 0 };

  constructor(memory: Memory, processes: readonly SimProcess[], swappiness: number) {
    this.#memory = memory;
    this.#processes = processes;
    this.#swappiness = swappiness;
  }

  refaulted({ kind }: SimVma, pages: number): void {
    this.#cost[kind === 'file' ? 'file' : 'anon'] += pages;
  }

  reclaim(wanted: number, scope: ReclaimScope, nowUs: number): Reclaimed {
    const pass = new ReclaimPass(this.#memory, nowUs);
    for (let round = 0; round < ROUNDS && pass.pages < wanted; round++) {
      const left = wanted - pass.pages;
      const before = pass.pages;
      const candidates = candidatesOf(this.#memory, this.#processes, scope);
      const file = candidates.filter(({ vma }) => vma.kind === 'file');
      const anon = candidates.filter(({ vma }) => vma.kind !== 'file');
      const fromFile = Math.ceil(left * this.#fileShare(sizeOf(anon), file, left));
      shrink(file, fromFile, pass);
      shrink(anon, wanted - pass.pages - Math.max(0, fromFile - (pass.pages - before)), pass);
      if (candidates.length === 0) break;
    }
    return pass.finish();
  }

  /** How much of what is wanted should be pages of files. */
  #fileShare(anonPages: number, file: readonly Candidate[], wanted: number): number {
    if (anonPages === 0) return 1;
    const inactive = sizeOf(file.filter(({ active }) => !active));
    const filePages = sizeOf(file);
    if (filePages === 0) return 0;
    // A file cache that is mostly read once is taken before anything else.
    if (inactive > filePages / 2 && inactive > wanted) return 1;
    const { anon: anonCost, file: fileCost } = this.#cost;
    const limit = (anonPages + filePages) / 4;
    if (anonCost + fileCost > limit) {
      this.#cost.anon /= 2;
      this.#cost.file /= 2;
    }
    const total = anonCost + fileCost + 1;
    const anonWeight = (this.#swappiness * total * anonPages) / (anonCost + total);
    const fileWeight =
      ((MAX_SWAPPINESS - this.#swappiness) * total * filePages) / (fileCost + total);
    return fileWeight / (anonWeight + fileWeight);
  }
}

function shrink(candidates: readonly Candidate[], wanted: number, pass: ReclaimPass): void {
  if (wanted <= 0 || candidates.length === 0) return;
  const active = candidates.filter((candidate) => candidate.active);
  const inactive = candidates.filter((candidate) => !candidate.active);
  const until = pass.pages + wanted;
  for (const candidate of oldestFirst(inactive)) {
    if (pass.pages >= until) break;
    pass.scan(candidate, candidate.listedUs, until - pass.pages);
  }
  let short = shortOf(sizeOf(active), sizeOf(inactive));
  if (short <= 0) return;
  for (const candidate of oldestFirst(active)) {
    if (short <= 0) break;
    pass.deactivate(candidate, short);
    short -= candidate.end - candidate.start;
  }
}

/**
 * In the order in which their turn comes. Mostly the first few are enough: these are looked for,
 * and only who needs more has all of them sorted.
 */
function* oldestFirst(candidates: readonly Candidate[]): Iterable<Candidate> {
  let last = -1;
  for (let found = 0; found < FEW && found < candidates.length; found++) {
    last = nextOldest(candidates, last);
    yield candidates[last]!;
  }
  if (candidates.length <= FEW) return;
  yield* candidates.toSorted((left, right) => left.listedUs - right.listedUs).slice(FEW);
}

/** Index of the one whose turn comes after that of index `last`; -1: of the first. */
function nextOldest(candidates: readonly Candidate[], last: number): number {
  const afterUs = candidates[last]?.listedUs ?? -Infinity;
  let next = -1;
  for (let index = 0; index < candidates.length; index++) {
    const { listedUs } = candidates[index]!;
    const isAfter = listedUs > afterUs || (listedUs === afterUs && index > last);
    if (isAfter && (next < 0 || listedUs < candidates[next]!.listedUs)) next = index;
  }
  return next;
}

/** Pages that the inactive list lacks; the more there are in all, the smaller is its share. */
function shortOf(active: number, inactive: number): number {
  const gib = (active + inactive) / PAGES_IN_GIB;
  const ratio = Math.max(1, Math.floor(Math.sqrt(10 * gib)));
  return Math.ceil((active + inactive) / (1 + ratio)) - inactive;
}
