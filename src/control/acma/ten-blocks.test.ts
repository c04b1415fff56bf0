/**
 * The example that came with the first idea of auto-scaling (12 November 2023): ten blocks of ten
 * pages, one of them for metadata. Pages are 2 MiB there; here they are the blocks that `alloc` and
 * `free` work on, and a block of metadata is saved once all nine behind it are taken. Its first
 * block is our highest, since memory is taken from the top.
 */
import { expect, test } from 'vitest';
import { PAGE_SIZE, parseScenario } from '../../host/sim/index.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME } from '../../params/defaults.ts';
import type { Action, Params } from '../../params/types.ts';
import { BLOCK_BYTES } from '../../policies/acma/observation.ts';
import { SimulatedGuest } from './simulated-guest.ts';

const USABLE = 9;
const NR_BLOCKS = 10;
const STEP_US = 100_000;
const END = NR_BLOCKS * USABLE * BLOCK_BYTES;

/** Hot, cold, free or stolen. */
type Letter = 'H' | 'C' | 'F' | 'S';
type Operation = 'steal' | 'reclaim' | 'return';

class TenBlocks {
  readonly #params: Params = {
    operations: 'paddr',
    addrUnit: 1,
    minRegionSize: PAGE_SIZE,
    attrs: { ...DEFAULT_ATTRS, sampleIntervalUs: STEP_US, aggregationIntervalUs: 10 * STEP_US },
    targets: [{ regions: [{ start: 0, end: END }], obsolete: false }],
    probes: [],
    schemes: [],
    paused: false,
  };
  readonly #guest: SimulatedGuest;

  /** @param touchedAtS when a page more becomes part of the working set, in seconds */
  constructor(touchedAtS: readonly number[]) {
    const scenario = parseScenario(
      `durationMs: 1000 s
nodes: [{ sizeBytes: ${END} }]
swap: { sizeBytes: 1 GiB, latencyUs: 6 }
acma: { minBytes: 2 MiB, maxBytes: ${END} }
processes:
  - name: user
    vmas:
      - { name: heap, sizeBytes: 18 MiB }
      - { name: cold, sizeBytes: 36 MiB }
      - { name: stack, sizeBytes: ${touchedAtS.length * 2} MiB, populated: false }
    accesses: [{ vma: heap, pattern: uniform, ratePerSecond: 100 }]
    phases: [${phases(touchedAtS)}]
    repeat: false`,
      'test',
    );
    this.#guest = new SimulatedGuest(scenario, this.#params);
  }

  get nowS(): number {
    return this.#guest.nowUs / 1e6;
  }

  wait(untilS: number): void {
    this.#guest.runFor(untilS * 1e6 - this.#guest.nowUs);
  }

  /** Letters of B1 … B10, in alphabetical order, since positions within a block are not said. */
  blocks(): string[] {
    const letters = this.#letters();
    return Array.from({ length: NR_BLOCKS }, (_, block) =>
      letters
        .slice(block * USABLE, (block + 1) * USABLE)
        .toSorted()
        .join(''),
    );
  }

  count(letter: Letter): number {
    return this.#letters().filter((one) => one === letter).length;
  }

  /** Free pages in percent of the working set, as it is printed there. */
  get ratio(): number {
    return Math.trunc((100 * this.count('F')) / this.count('H'));
  }

  /** What is to be done: with exactly as much free as hot, cold memory leaves first. */
  get next(): Operation[] {
    const share = this.count('F') / this.count('H');
    if (share > 1) return ['steal'];
    return share < 0.5 ? ['return', 'reclaim'] : ['reclaim'];
  }

  /** One unit of the first operation that finds anything to do; false when there is none. */
  step(operation: Operation = this.next[0]!): boolean {
    const letters = this.#letters();
    const ordered =
      operation === 'return' ? this.#toReturn(letters) : [this.#toChange(letters, operation)];
    const pages = ordered.filter((page) => page >= 0);
    if (pages.length === 0) return false;
    for (const page of pages) this.#apply(page, operation);
    return true;
  }

  #toChange(letters: readonly Letter[], operation: Operation): number {
    return letters.indexOf(operation === 'steal' ? 'F' : 'C');
  }

  /** Stolen pages of a block that is not wholly stolen, or else the nearest whole block. */
  #toReturn(letters: readonly Letter[]): number[] {
    const block = Math.floor(letters.lastIndexOf('S') / USABLE);
    return Array.from({ length: USABLE }, (_, page) => block * USABLE + page).filter(
      (page) => letters[page] === 'S',
    );
  }

  /** By a scheme that may work on this one page. */
  #apply(page: number, operation: Operation): void {
    const start = END - (page + 1) * BLOCK_BYTES;
    const actions: Record<Operation, Action> = {
      steal: 'alloc',
      reclaim: 'pageout',
      return: 'free',
    };
    const range = { start, end: start + BLOCK_BYTES };
    const scheme = {
      ...DEFAULT_SCHEME,
      action: actions[operation],
      applyIntervalUs: STEP_US,
      filters: [{ type: 'addr', matching: true, allow: true, range } as const],
    };
    const { driver } = this.#guest.simulation;
    driver.commit({ ...this.#params, schemes: [scheme] });
    this.#guest.runFor(2 * STEP_US);
    driver.commit(this.#params);
    this.#guest.runFor(STEP_US);
  }

  #letters(): Letter[] {
    const { machine } = this.#guest;
    const frames = BLOCK_BYTES / PAGE_SIZE;
    const letters = new Array<Letter>(NR_BLOCKS * USABLE).fill('F');
    const mark = (frame: number, letter: Letter) => {
      letters[letters.length - 1 - Math.floor(frame / frames)] = letter;
    };
    for (const vma of machine.processes[0]!.vmas) {
      const held = vma.extents.list.filter(({ location }) => location >= 0);
      for (const { start, end, frame } of held) {
        for (let at = frame; at < frame + end - start; at++)
          mark(at, vma.name === 'cold' ? 'C' : 'H');
      }
    }
    for (const frame of machine.blocks.owned()) mark(frame, 'S');
    return letters;
  }
}

/** The working set grows page by page, and what has joined it stays hot. */
function phases(touchedAtS: readonly number[]): string {
  const share = (nrPages: number) => nrPages / touchedAtS.length;
  const lengths = touchedAtS.map((atS, index) => atS - (touchedAtS[index - 1] ?? 0));
  const list = [...lengths, 500].map((seconds, nrPages) => {
    const hot = `{ vma: stack, to: ${share(nrPages)}, pattern: uniform, ratePerSecond: 100 }`;
    return `{ durationMs: ${seconds} s, accesses: [${nrPages > 0 ? hot : ''}] }`;
  });
  return list.join(', ');
}

const F = 'FFFFFFFFF';
const C = 'CCCCCCCCC';
const H = 'HHHHHHHHH';
const U = 'SSSSSSSSS';

test('the worked example of ten blocks, state by state', () => {
  // A9, A10 and A11: a page, two more, and another.
  const guest = new TenBlocks([100, 110, 111, 120]);
  guest.wait(1);
  // A0
  expect(guest.blocks()).toEqual([F, F, F, F, F, F, F, C, C, H]);
  expect([guest.ratio, guest.next]).toEqual([700, ['steal']]);
  // A1
  for (let step = 0; step < 4; step++) guest.step();
  expect(guest.blocks()).toEqual(['FFFFFSSSS', F, F, F, F, F, F, C, C, H]);
  expect([guest.ratio, guest.next]).toEqual([655, ['steal']]);
  // A2 as it is drawn: 53 free pages. The text counts 52 and prints 577.
  for (let step = 0; step < 6; step++) guest.step();
  expect(guest.blocks()).toEqual([U, 'FFFFFFFFS', F, F, F, F, F, C, C, H]);
  expect([guest.ratio, guest.next]).toEqual([588, ['steal']]);
  // A3: exactly as much free as hot.
  for (let step = 0; step < 44; step++) guest.step();
  expect(guest.blocks()).toEqual([U, U, U, U, U, U, F, C, C, H]);
  expect([guest.ratio, guest.next]).toEqual([100, ['reclaim']]);
  // A4 … A7: reclaim and steal by turns.
  const turns: [string, string, number, Operation][] = [
    [F, 'CCCCCCCCF', 111, 'steal'],
    ['FFFFFFFFS', 'CCCCCCCCF', 100, 'reclaim'],
    ['FFFFFFFFS', 'CCCCCCCFF', 111, 'steal'],
    ['FFFFFFFSS', 'CCCCCCCFF', 100, 'reclaim'],
  ];
  for (const [seventh, eighth, ratio, next] of turns) {
    guest.step();
    expect(guest.blocks()).toEqual([U, U, U, U, U, U, seventh, eighth, C, H]);
    expect([guest.ratio, guest.next]).toEqual([ratio, [next]]);
  }
  // A8: until nothing cold is left, which takes 16 more of each.
  for (let turn = 0; turn < 16; turn++) {
    expect(guest.next).toEqual(['reclaim']);
    guest.step();
    expect([guest.ratio, guest.next]).toEqual([111, ['steal']]);
    guest.step();
  }
  expect(guest.blocks()).toEqual([U, U, U, U, U, U, U, U, F, H]);
  expect([guest.ratio, guest.step()]).toEqual([100, false]);
  // A9: one page more is hot.
  guest.wait(102);
  expect(guest.blocks()).toEqual([U, U, U, U, U, U, U, U, 'FFFFFFFFH', H]);
  expect([guest.ratio, guest.next, guest.step()]).toEqual([80, ['reclaim'], false]);
  // A10: stable at exactly half.
  guest.wait(112);
  expect([guest.ratio, guest.next, guest.step()]).toEqual([50, ['reclaim'], false]);
  expect(guest.blocks()[8]).toBe('FFFFFFHHH');
  // A11
  guest.wait(122);
  expect(guest.blocks()[8]).toBe('FFFFFHHHH');
  expect([guest.ratio, guest.next]).toEqual([38, ['return', 'reclaim']]);
  // A12: a whole block comes back, which is more than was needed …
  guest.step();
  expect(guest.blocks()).toEqual([U, U, U, U, U, U, U, F, 'FFFFFHHHH', H]);
  expect([guest.ratio, guest.next]).toEqual([107, ['steal']]);
  // A13: … and is trimmed.
  guest.step();
  expect(guest.blocks()).toEqual([U, U, U, U, U, U, U, 'FFFFFFFFS', 'FFFFFHHHH', H]);
  expect([guest.ratio, guest.next, guest.step()]).toEqual([100, ['reclaim'], false]);
  // Ours, since the example has no such state: pages of a block that is not wholly stolen come back
  // before another block does.
  expect(guest.step('return')).toBe(true);
  expect(guest.blocks()).toEqual([U, U, U, U, U, U, U, F, 'FFFFFHHHH', H]);
});
