/** A policy on this machine, in real time: `shadow` and `run`. */
import { exactJson } from '../../base/exact-json.ts';
import { ActingSession } from '../../control/acting-session.ts';
import { CgroupReclaim } from '../../control/cgroup-reclaim.ts';
import { LinuxLoopHost } from '../../control/linux-loop-host.ts';
import {
  firstParams,
  type LoopMode,
  type LoopReport,
  PolicyLoop,
} from '../../control/policy-loop.ts';
import { openStateFolder, stateFolderPath } from '../../control/state-folder.ts';
import type { LeverStep, Roots } from '../../host/host.ts';
import { RealSysfsReader } from '../../kernel/real-sysfs.ts';
import { requireDamon } from '../../kernel/sysfs-files.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import { type MonitorSpec, openMonitor } from '../../monitor/open-monitor.ts';
import { describeScheme } from '../../params/format.ts';
import type { Params } from '../../params/types.ts';
import type { WatchedAim } from '../../policies/aim.ts';
import type { Knobs, Policy, PolicyFacts } from '../../policies/policy.ts';
import { shadowDifferences, shadowParams } from '../../policies/shadow.ts';
import type { TunerName } from '../../policies/tuners.ts';
import { reportLine, reportObject } from './report.ts';
import { refuseBesideRivals, type Turns, untilOver } from './until-over.ts';

/** Everything that a run is made of. */
export interface PolicyRun<K extends Knobs, S> extends Turns {
  readonly policy: Policy<K, S>;
  readonly knobs: K;
  readonly facts: PolicyFacts;
  readonly roots: Roots;
  readonly mode: LoopMode;
  readonly acceptableShare: number;
  readonly aim?: WatchedAim;
  readonly tuner: TunerName;
  /** Switch DAMON_STAT off for as long as the kernel's DAMON is used. */
  readonly handOverStat: boolean;
  /** Share of one CPU that watching may cost. */
  readonly cpuCeiling?: number;
  readonly json: boolean;
}

/** Runs until something ends it; returns the exit status. */
export async function runPolicy<K extends Knobs, S>(run: PolicyRun<K, S>): Promise<number> {
  const { facts, roots, mode } = run;
  if (facts.watcher === 'kernel') requireDamon(new RealSysfsReader(roots.sys));
  const host = new LinuxLoopHost(roots, facts.subject);
  const acts = mode === 'run' && firstParams(run).schemes.some(({ action }) => action !== 'stat');
  if (acts) refuseBesideRivals(host.rivals());
  await using session = await openPolicySession(run, acts);
  const lever = acts && takesByCgroup(facts) ? new CgroupReclaim(roots, facts.subject.path) : null;
  for (const step of lever ? [lever.step] : stepsOf(firstParams(run), facts)) session?.record(step);
  await using monitor = await openPolicyMonitor(run, acts && lever === null, session);
  await monitor.start();
  if (mode === 'shadow') {
    const differences = shadowDifferences(firstParams(run));
    process.stderr.write(differences.map((one) => `note: ${one}\n`).join(''));
  }
  const loop = new PolicyLoop({ ...run, host, monitor, ...(lever !== null && { lever }) });
  const print = printer(run);
  return await untilOver(run, [monitor], session, async () => {
    const report = await loop.step();
    print(report);
    return report.verdict.state !== 'stop';
  });
}

function printer<K extends Knobs, S>({ policy, mode, everyUs, json }: PolicyRun<K, S>) {
  let startUs: number | null = null;
  let told: readonly string[] = [];
  return (report: LoopReport): void => {
    startUs ??= report.timeUs - everyUs;
    if (!json) {
      const news = report.warnings.filter((warning) => !told.includes(warning));
      process.stderr.write(news.map((warning) => `note: ${warning}\n`).join(''));
      told = report.warnings;
    }
    const line = json
      ? exactJson(reportObject(policy.name, mode, report))
      : reportLine(mode, startUs, report);
    process.stdout.write(`${line}\n`);
  };
}

/** What runs in the kernel needs a guard also to watch: it would outlive us. */
async function openPolicySession<K extends Knobs, S>(
  { policy, facts, roots, mode }: PolicyRun<K, S>,
  acts: boolean,
): Promise<ActingSession | null> {
  const usesKernel = facts.watcher === 'kernel';
  if (!acts && !usesKernel) return null;
  const description = `thermocline ${policy.name} ${mode} on ${subjectText(facts)}`;
  return await ActingSession.open({ roots, description, usesKernel, watchesOnly: !acts });
}

function openPolicyMonitor<K extends Knobs, S>(
  run: PolicyRun<K, S>,
  acts: boolean,
  session: ActingSession | null,
): Promise<Monitor> {
  const { policy, facts, roots } = run;
  const params = acts ? firstParams(run) : shadowParams(firstParams(run));
  const { subject, pids } = facts;
  const spec: MonitorSpec =
    facts.watcher === 'kernel'
      ? {
          ...{ set: 'kernel', roots, stateDir: openStateFolder(stateFolderPath()) },
          ...{ purpose: `${policy.name} on ${subjectText(facts)}`, followChildren: true },
          ...{ pageFilters: [], handOverStat: run.handOverStat },
        }
      : {
          ...{ set: 'smaps', pids: subject.kind === 'processes' ? subject.pids : pids, roots },
          ...{ force: false, followChildren: true, ...(acts && { act: { dryRun: false } }) },
        };
  return openMonitor(spec, {
    params,
    ...(run.cpuCeiling !== undefined && { cpuCeiling: run.cpuCeiling }),
    ...(session !== null && { record: (step: LeverStep) => session.record(step) }),
  });
}

/** Where no scheme of the kernel can be told from which cgroup to take, the cgroup's file can. */
function takesByCgroup(
  facts: PolicyFacts,
): facts is PolicyFacts & { subject: { kind: 'cgroup'; path: string } } {
  return facts.subject.kind === 'cgroup' && facts.watcher === 'smaps';
}

function stepsOf({ schemes, attrs }: Params, facts: PolicyFacts): LeverStep[] {
  return schemes.map((scheme) => ({
    text: `${subjectText(facts)}: ${describeScheme(scheme, attrs)}`,
    undo: null,
  }));
}

function subjectText({ subject, part }: PolicyFacts): string {
  const of = part === undefined ? '' : `${part.words} of `;
  if (subject.kind === 'machine') return `${of}the machine`;
  return subject.kind === 'cgroup'
    ? `${of}cgroup ${subject.path}`
    : `${of}process ${subject.pids.join(', ')}`;
}
