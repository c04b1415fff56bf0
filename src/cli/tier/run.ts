/** `thermocline tier shadow` and `run`: one loop over all nodes, or over processes. */
import { ThermoclineError } from '../../base/errors.ts';
import { exactJson } from '../../base/exact-json.ts';
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import { ActingSession } from '../../control/acting-session.ts';
import { LinuxLoopHost } from '../../control/linux-loop-host.ts';
import type { LoopMode } from '../../control/policy-loop.ts';
import { openStateFolder, stateFolderPath } from '../../control/state-folder.ts';
import { type SteeredPart, TierLoop, type TierReport } from '../../control/tier-loop.ts';
import type { LeverStep, Roots } from '../../host/host.ts';
import { readTierFacts } from '../../host/linux/memory-tiers.ts';
import { RealSysfsReader } from '../../kernel/real-sysfs.ts';
import { requireDamon } from '../../kernel/sysfs-files.ts';
import { DEFAULT_CPU_CEILING } from '../../monitor/cost-ceiling.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import { type MonitorSpec, openMonitor } from '../../monitor/open-monitor.ts';
import { describeScheme } from '../../params/format.ts';
import { shadowParams } from '../../policies/shadow.ts';
import { type TierKnobs, tierPlan } from '../../policies/tier.ts';
import { tierProcessPlan } from '../../policies/tier-processes.ts';
import { stretchText } from '../policy/report.ts';
import { runsOf } from '../policy/status.ts';
import { refuseBesideRivals, type Turns, untilOver } from '../policy/until-over.ts';
import { type AimStatus, aimStatus, aimText } from './aims.ts';

/** Everything that a run is made of. */
export interface TierRun extends Turns {
  readonly knobs: TierKnobs;
  readonly roots: Roots;
  readonly mode: LoopMode;
  /** Whose memory moves, from user space; empty: all of the machine's, by the kernel's DAMON. */
  readonly pids: readonly number[];
  readonly handOverStat: boolean;
  /** Share of one CPU that watching may cost, all nodes together. */
  readonly cpuCeiling?: number;
  readonly json: boolean;
}

/** What one monitor is for. */
interface Part extends Omit<SteeredPart, 'monitor'> {
  readonly spec: MonitorSpec;
}

/** Runs until something ends it, puts everything back, and returns the exit status. */
export async function runTiers(run: TierRun): Promise<number> {
  const { roots, mode, knobs, json, pids } = run;
  const { parts: planned, notes } = pids.length > 0 ? partsOfProcesses(run) : partsOfMachine(run);
  const host = new LinuxLoopHost(roots, { kind: 'machine' });
  if (mode === 'run') refuseBesideRivals([...ownRivals(), ...host.rivals()]);
  process.stderr.write(notes.map((note) => `note: ${note}\n`).join(''));
  await using session = await openSession(run);
  for (const step of planned.flatMap(stepsOf)) session?.record(step);
  await using monitors = new AsyncDisposableStack();
  const parts: (SteeredPart & { readonly monitor: Monitor })[] = [];
  for (const part of planned) {
    const monitor = monitors.use(await openPart(run, part, planned.length, session));
    await monitor.start().catch((error) => sayWhatElse(part, error));
    parts.push({ ...part, monitor });
  }
  const loop = new TierLoop({ parts, host, mode });
  const startUs = host.totals().timeUs;
  const print = json ? jsonLine : textLine;
  const turn = async () => {
    const report = await loop.step();
    const aims = aimStatus(knobs, readTierFacts(roots));
    const timeUs = report.timeUs - startUs;
    process.stdout.write(`${print(mode, { ...report, timeUs }, aims)}\n`);
    return true;
  };
  const all = parts.map(({ monitor }) => monitor);
  return await untilOver(run, all, session, turn);
}

/** A kdamond for each node. */
function partsOfMachine({ roots, knobs, handOverStat }: TierRun) {
  requireDamon(new RealSysfsReader(roots.sys));
  const { contexts, notes } = tierPlan(knobs, readTierFacts(roots));
  const stateDir = openStateFolder(stateFolderPath());
  const parts = contexts.map(
    ({ nid, params }): Part => ({
      params,
      fromNids: params.schemes.map(() => nid),
      spec: {
        ...{ set: 'kernel', roots, stateDir, handOverStat, purpose: `tier on node ${nid}` },
        ...{ followChildren: false, pageFilters: [] },
      },
    }),
  );
  return { parts, notes };
}

/** The engine, which moves by system calls. */
function partsOfProcesses({ roots, knobs, pids, mode }: TierRun) {
  const { params, fromNids, notes } = tierProcessPlan(knobs, readTierFacts(roots), pids);
  const act = mode === 'run' ? { act: { dryRun: false, fromNids } } : {};
  const spec: MonitorSpec = {
    ...{ set: 'smaps', pids, roots, force: false, followChildren: true },
    ...act,
  };
  return { parts: [{ params, fromNids, spec }] satisfies Part[], notes };
}

/** What runs in the kernel needs a guard also to watch: it would outlive us. */
async function openSession({ roots, mode, pids }: TierRun): Promise<ActingSession | null> {
  const usesKernel = pids.length === 0;
  if (mode === 'shadow' && !usesKernel) return null;
  const subject = usesKernel ? 'the machine' : `process ${pids.join(', ')}`;
  const description = `thermocline tier ${mode} on ${subject}`;
  return await ActingSession.open({
    roots,
    description,
    usesKernel,
    watchesOnly: mode === 'shadow',
  });
}

/** @param nrParts share the ceiling */
function openPart(
  { mode, cpuCeiling = DEFAULT_CPU_CEILING }: TierRun,
  { spec, params }: Part,
  nrParts: number,
  session: ActingSession | null,
): Promise<Monitor> {
  return openMonitor(spec, {
    params: mode === 'run' ? params : shadowParams(params),
    cpuCeiling: cpuCeiling / nrParts,
    ...(session !== null && { record: (step: LeverStep) => session.record(step) }),
  });
}

/** What the plan asks for can't be left out, so the message about it is no way out. */
function sayWhatElse({ spec }: Part, error: unknown): never {
  const isPlan = error instanceof ThermoclineError && error.code === 'TC_UNSUPPORTED';
  if (!isPlan || spec.set !== 'kernel') throw error;
  throw new ThermoclineError(
    'TC_UNSUPPORTED',
    "DAMON in this kernel can't keep nodes at their aims (node_mem_free_bp with the tuner temporal, " +
      'Linux 7.1); name processes with --pid, whose memory moves from user space.',
    { cause: error },
  );
}

/** The rate is that of the whole machine. */
function ownRivals(): string[] {
  return runsOf('tier')
    .filter(({ state }) => state === 'acting')
    .map(({ pid }) => `Process ${pid} runs thermocline tier already.`);
}

function jsonLine(mode: LoopMode, report: TierReport, aims: readonly AimStatus[]): string {
  return exactJson({ policy: 'tier', mode, ...report, aims });
}

function textLine(mode: LoopMode, report: TierReport, aims: readonly AimStatus[]): string {
  const { timeUs, moved, pressureShare, held, warnings } = report;
  const verb = mode === 'run' ? 'moved' : 'found';
  const moves = moved.map(
    ({ fromNid, toNid, direction, bytes }) =>
      `${formatBytes(bytes)} ${direction} from node ${fromNid} to ${toNid}`,
  );
  const parts = [
    `${verb} ${moves.join(', ')}`,
    ...aims.map(aimText),
    `pressure ${formatShare(pressureShare)}`,
    ...(held === null ? [] : [held]),
    ...warnings,
  ];
  return `${formatDuration(timeUs).padStart(8)}  ${parts.join('; ')}${stretchText(report)}`;
}

function stepsOf({ params, fromNids }: Part): LeverStep[] {
  return params.schemes.map((scheme, index) => ({
    text: `node ${fromNids[index]}: ${describeScheme(scheme, params.attrs)}`,
    undo: null,
  }));
}
