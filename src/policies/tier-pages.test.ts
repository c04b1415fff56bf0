/**
 * The worked examples that the developers of DAMON gave for tiering, page by page: the plan's own
 * schemes, judged by the core's goals, mostly on nodes of ten pages. Which of several equal pages
 * moves is open there, so states are compared as sorted pages of each node.
 */
import { describe, expect, test } from 'vitest';
import { noMetrics } from '../core/metrics.ts';
import { newGoalState, tuneByGoals } from '../core/schemes/goals.ts';
import type { Scheme } from '../params/types.ts';
import { tierFacts, tierNode } from '../testing/tier-facts.ts';
import { tierPlan } from './tier.ts';

/** Digits are pages by hotness, `F` is free, as in the examples. */
class PageNodes {
  readonly #nodes: string[][];
  readonly #schemes: readonly (readonly Scheme[])[];
  /** Of each node. */
  readonly #nrPages: number;

  constructor(...states: string[]) {
    this.#nodes = states.map(pagesOf);
    this.#nrPages = states[0]!.replaceAll(' ', '').length;
    const totalBytes = this.#nrPages * 4096;
    const nodes = states.map((_, nid) => tierNode({ nid, tier: nid, totalBytes }));
    const knobs = { freeShare: 0.05, useShare: 0.96, bytesPerSecond: 2 ** 30 };
    const { contexts } = tierPlan(knobs, tierFacts({ nodes }));
    this.#schemes = contexts.map(({ params }) => params.schemes);
  }

  get state(): string[] {
    return this.#nodes.map((pages) => pages.toSorted().join(''));
  }

  /** Names of the schemes at the boundary below a node that are at work now. */
  active(upper: number): string[] {
    return this.#boundary(upper)
      .filter((scheme) => this.#isActive(scheme))
      .map(({ action }) => action);
  }

  /** Moves one page across the boundary below `upper`: the first scheme that is at work. */
  step(upper: number): this {
    const scheme = this.#boundary(upper).find((candidate) => this.#isActive(candidate));
    if (scheme === undefined) return this;
    const hot = scheme.action === 'migrate_hot';
    const from = this.#nodes[hot ? upper + 1 : upper]!;
    const page = hot ? from.toSorted().at(-1) : from.toSorted()[0];
    if (page === undefined || this.#nodes[scheme.targetNid]!.length === this.#nrPages) return this;
    from.splice(from.indexOf(page), 1);
    this.#nodes[scheme.targetNid]!.push(page);
    return this;
  }

  #boundary(upper: number): Scheme[] {
    const down = this.#schemes[upper]!.filter(({ targetNid }) => targetNid === upper + 1);
    const up = this.#schemes[upper + 1]!.filter(({ targetNid }) => targetNid === upper);
    return [...down, ...up];
  }

  #isActive({ quota }: Scheme): boolean {
    const nodeMemory = (nid: number) => ({
      total: this.#nrPages,
      free: this.#nrPages - this.#nodes[nid]!.length,
    });
    const sources = { metrics: { ...noMetrics, nodeMemory }, eligibleBytes: () => null };
    return tuneByGoals(quota, quota.goals.map(newGoalState), 0n, 0n, sources) > 0n;
  }
}

/** `4321F 43210` → the pages that are there. */
function pagesOf(state: string): string[] {
  return [...state.replace(/[ F]/g, '')];
}

const sorted = (state: string) => pagesOf(state).toSorted().join('');

describe('two nodes', () => {
  test('only the coldest pages go back and forth', () => {
    const nodes = new PageNodes('43210 43210', 'FFFFF FFFFF');
    expect(nodes.active(0)).toEqual(['migrate_cold']);
    expect(nodes.step(0).state).toEqual([sorted('4321F 43210'), '0']);
    expect(nodes.active(0)).toEqual(['migrate_hot']);
    expect(nodes.step(0).state).toEqual([sorted('43210 43210'), '']);
    expect(nodes.step(0).state).toEqual([sorted('43210 4321F'), '0']);
    expect(nodes.step(0).state).toEqual([sorted('43210 43210'), '']);
  });

  test('pages that got hot come up, and others go down for them', () => {
    const nodes = new PageNodes('4321F 4321F', 'FFFF3 FFFF2');
    expect(nodes.active(0)).toEqual(['migrate_hot']);
    expect(nodes.step(0).state).toEqual([sorted('43213 4321F'), '2']);
    expect(nodes.active(0)).toEqual(['migrate_hot']);
    expect(nodes.step(0).state).toEqual([sorted('43213 43212'), '']);
    expect(nodes.active(0)).toEqual(['migrate_cold']);
    expect(nodes.step(0).state).toEqual([sorted('432F3 43212'), '1']);
    expect(nodes.active(0)).toEqual(['migrate_hot']);
    // From here on the pages that are coldest now trade places.
    const down = nodes.state;
    const up = nodes.step(0).state;
    expect(up).toEqual([sorted('43213 43212'), '']);
    expect(nodes.step(0).state).toEqual(down);
  });

  // Not drawn, as ten pages are too few to lie between the two aims.
  test('between the aims, both schemes are at work', () => {
    const nodes = (used: number) =>
      new PageNodes('4'.repeat(used) + 'F'.repeat(200 - used), `3${'F'.repeat(199)}`);
    expect(nodes(190).active(0)).toEqual(['migrate_hot']);
    expect(nodes(191).active(0)).toEqual(['migrate_cold', 'migrate_hot']);
    expect(nodes(192).active(0)).toEqual(['migrate_cold']);
  });

  test('what fits stays where it is', () => {
    const nodes = new PageNodes('43FFF FFFFF', 'FFFFF FFFFF');
    expect(nodes.active(0)).toEqual(['migrate_hot']);
    expect(nodes.step(0).state).toEqual(['34', '']);
  });
});

describe('three nodes', () => {
  const drawn = ['44444 4443F', '33333 3321F', '11111 100FF'];

  test('the drawn state and its neighbour follow each other', () => {
    const nodes = new PageNodes(...drawn);
    expect(nodes.active(0)).toEqual(['migrate_hot']);
    expect(nodes.active(1)).toEqual(['migrate_hot']);
    const odd = ['3344444444', '112333333', '0011111'];
    expect(nodes.step(0).step(1).state).toEqual(odd);
    expect(nodes.step(0).step(1).state).toEqual(drawn.map(sorted));
  });

  // Not in the mail: an example of our own by the same rules.
  test('pages bubble to their place from the worst order', () => {
    const nodes = new PageNodes('00000 0000F', '22222 2222F', '44444 4444F');
    for (let pass = 0; pass < 60; pass++) nodes.step(0).step(1);
    const [top, middle, bottom] = nodes.state;
    expect(top).toMatch(/^[24]?4{8,9}$/);
    expect(middle).toMatch(/^0*2{6,9}4?$/);
    expect(bottom).toMatch(/^0{7,10}2?$/);
    expect([top, middle, bottom].join('').length).toBe(27);
  });
});
