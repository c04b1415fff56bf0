import { expect, test } from 'vitest';
import { VirtualClock } from '../base/clock.ts';
import type { MonitorStats } from '../monitor/monitor.ts';
import { DEFAULT_PARAMS, DEFAULT_SCHEME, NO_QUOTA } from '../params/defaults.ts';
import type { Params, Scheme } from '../params/types.ts';
import { DamonReclaim, takingNothing } from './damon-reclaim.ts';

const MIB = 2 ** 20;
const pageOut: Scheme = {
  ...DEFAULT_SCHEME,
  action: 'pageout',
  quota: { ...NO_QUOTA, sizeBytes: 64 * MIB, resetIntervalMs: 7500 },
};
const look: Scheme = { ...DEFAULT_SCHEME, action: 'stat' };
const params: Params = { ...DEFAULT_PARAMS, operations: 'paddr', schemes: [look, pageOut] };

/** A kdamond that finds so much cold memory at each look, as far as its limit goes. */
class Kdamond {
  readonly limits: number[] = [];
  appliedBytes = 0;
  error: Error | null = null;
  readonly clock: VirtualClock = new VirtualClock();
  readonly #foundBytes: number;

  constructor(foundBytes: number) {
    this.#foundBytes = foundBytes;
    this.limits.push(this.#limitOf(takingNothing(params)));
  }

  async commit(next: Params): Promise<void> {
    this.limits.push(this.#limitOf(next));
  }

  async stats(): Promise<MonitorStats> {
    if (this.error !== null) throw this.error;
    this.clock.advance(1e6);
    this.appliedBytes += Math.min(this.limits.at(-1)!, this.#foundBytes);
    const applied = (bytes: number) => ({ stats: { appliedBytes: BigInt(bytes) } });
    return { schemes: [applied(7 * MIB), applied(this.appliedBytes)] } as unknown as MonitorStats;
  }

  #limitOf({ schemes: [first, second] }: Params): number {
    expect(first).toEqual(look);
    expect(second!.applyIntervalUs).toBe(1_000_000);
    expect(second!.quota.resetIntervalMs).toBe(1000);
    return Number(second!.quota.sizeBytes);
  }
}

test('takes what is asked for, and nothing before and after', async () => {
  const kdamond = new Kdamond(4 * MIB);
  const lever = new DamonReclaim(kdamond, params, kdamond.clock);
  expect(await lever.reclaim(8 * MIB)).toBe(8 * MIB);
  // No page fits into 1 byte; 0 would be no limit.
  expect(kdamond.limits).toEqual([1, 8 * MIB, 1]);
  await lever.reclaim(2 * MIB);
  expect(kdamond.limits.slice(3)).toEqual([2 * MIB, 1]);
});

test('an order that finds little ends all the same, and says how little', async () => {
  const kdamond = new Kdamond(1000);
  const lever = new DamonReclaim(kdamond, params, kdamond.clock);
  // Three seconds of it.
  expect(await lever.reclaim(8 * MIB)).toBe(3000);
  expect(kdamond.limits).toEqual([1, 8 * MIB, 1]);
});

test('whatever fails in between, nothing is taken any more', async () => {
  const kdamond = new Kdamond(4 * MIB);
  const lever = new DamonReclaim(kdamond, params, kdamond.clock);
  const commit = kdamond.commit.bind(kdamond);
  kdamond.commit = async (next) => {
    await commit(next);
    kdamond.error = kdamond.limits.length === 2 ? new Error('no figures') : null;
  };
  await expect(lever.reclaim(8 * MIB)).rejects.toThrow('no figures');
  expect(kdamond.limits).toEqual([1, 8 * MIB, 1]);
});
