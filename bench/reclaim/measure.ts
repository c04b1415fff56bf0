/** One workload under one policy: what it had of memory, and how it fared. */
import type { SimProcess, SimulatedMachine } from '../../src/host/sim/index.ts';
import type { PolicyRun } from './policy.ts';

/** Policies have this share of a run to find their way; what comes after is measured. */
const WARM_UP_SHARE = 0.5;

const STEP_US = 1_000_000;

/** Microseconds of a CPU for a page that a monitor looks at: marked, and looked up again. */
export const SAMPLE_US = 0.1;

/** What was measured, over the time after the warm-up. */
export interface Measurement {
  /** Memory in use, what zram holds included, on average and at most (the warm-up included). */
  readonly usedBytes: number;
  readonly peakBytes: number;
  /** Of all processes, without what zram holds. */
  readonly residentBytes: number;
  /** By process. */
  readonly workSeconds: readonly number[];
  readonly p99Us: readonly number[];
  /** Shares of time. */
  readonly pressureShare: number;
  readonly cpuShare: number;
  readonly refaultsPerSecond: number;
  /** Pages that nobody could make room for: on a real machine, somebody would be killed. */
  readonly deniedPages: number;
}

/** Runs to the end. */
export async function measure(run: PolicyRun, durationUs: number): Promise<Measurement> {
  const { machine, advance } = run;
  let peakBytes = 0;
  const until = async (endUs: number) => {
    while (machine.nowUs < endUs) {
      await advance(Math.min(STEP_US, endUs - machine.nowUs));
      peakBytes = Math.max(peakBytes, usedBytes(machine));
    }
  };
  await until(durationUs * WARM_UP_SHARE);
  const before = totalsOf(machine);
  await until(durationUs);
  const after = totalsOf(machine);
  const seconds = (after.nowUs - before.nowUs) / 1e6;
  return {
    usedBytes: (after.usedByteSeconds - before.usedByteSeconds) / seconds,
    peakBytes,
    residentBytes: (after.residentByteSeconds - before.residentByteSeconds) / seconds,
    workSeconds: after.work.map((work, index) => work - before.work[index]!),
    p99Us: machine.processes.map(({ latency }, index) =>
      latency.quantileUs(0.99, before.latencies[index]!),
    ),
    pressureShare: (after.stallUs - before.stallUs) / 1e6 / seconds,
    cpuShare: (after.cpuUs - before.cpuUs) / 1e6 / seconds,
    refaultsPerSecond: (after.refaults - before.refaults) / seconds,
    deniedPages: after.denied - before.denied,
  };
}

function usedBytes(machine: SimulatedMachine): number {
  return machine.summary().nodes.reduce((sum, node) => sum + node.usedBytes, 0);
}

function totalsOf({ counters, nowUs, processes }: SimulatedMachine) {
  return {
    nowUs,
    usedByteSeconds: counters.usedByteSeconds,
    residentByteSeconds: processes.reduce((sum, process) => sum + process.residentByteSeconds, 0),
    work: processes.map(({ workSeconds }: SimProcess) => workSeconds),
    latencies: processes.map(({ latency }) => latency.counts.slice()),
    stallUs: counters.someStallUs,
    cpuUs: counters.schemeWorkUs + counters.reclaimWorkUs + counters.sampledPages * SAMPLE_US,
    refaults: counters.refaultedPages,
    denied: counters.deniedPages,
  };
}
