import type { PolicyRun } from './run-pattern.ts';

/** What `--json` prints for one policy on one pattern. */
export interface Row {
  readonly pattern: string;
  readonly policy: PolicyRun['policy'];
  /** Work done over what could have been done with all memory on the fastest node, 0…1. */
  readonly throughput: number;
  readonly fastHitShare: number;
  readonly migratedBytes: number;
  readonly pingPongShare: number;
  /** Until a second's throughput is 90 % of the oracle's in that second; null: never. */
  readonly timeTo90Ms: number | null;
  readonly cpuShare: number;
}

/** The rows of one pattern; its runs must have the oracle's. */
export function rowsOf(pattern: string, runs: readonly PolicyRun[]): Row[] {
  const best = runs.find(({ policy }) => policy === 'oracle')!.throughputs;
  return runs.map(({ policy, throughput, throughputs, ...run }) => ({
    pattern,
    policy,
    throughput,
    fastHitShare: run.fastHitShare,
    migratedBytes: run.migratedBytes,
    pingPongShare: run.pingPongShare,
    timeTo90Ms: timeTo90Ms(throughputs, best),
    cpuShare: run.cpuShare,
  }));
}

function timeTo90Ms(throughputs: readonly number[], best: readonly number[]): number | null {
  const second = throughputs.findIndex((value, index) => value >= 0.9 * best[index]!);
  return second < 0 ? null : (second + 1) * 1000;
}
