/** The DAMON of the guest that an agent runs in, as its lever; all of it ends with the agent. */
import { ThermoclineError } from '../../base/errors.ts';
import { ActingSession } from '../../control/acting-session.ts';
import { DamonReclaim, takingNothing } from '../../control/damon-reclaim.ts';
import { LinuxLoopHost } from '../../control/linux-loop-host.ts';
import type { ReclaimLever } from '../../control/policy-loop.ts';
import { openStateFolder, stateFolderPath } from '../../control/state-folder.ts';
import type { LeverStep, Roots } from '../../host/host.ts';
import { RealSysfsReader } from '../../kernel/real-sysfs.ts';
import { requireDamon } from '../../kernel/sysfs-files.ts';
import { openMonitor } from '../../monitor/open-monitor.ts';
import { NO_INTERVALS_GOAL } from '../../params/defaults.ts';
import { describeScheme } from '../../params/format.ts';
import { WINDOW_BYTES } from '../../policies/acma/observation.ts';
import { reclaim } from '../../policies/reclaim.ts';
import { parseKnob } from '../policy/knob-options.ts';
import { readFacts } from '../policy/subject.ts';
import { refuseBesideRivals } from '../policy/until-over.ts';

/** What DAMON is to do, and how. */
export interface DamonLeverOptions {
  readonly roots: Roots;
  /** `/`: all of the guest's memory. */
  readonly cgroup: string;
  /** Nothing is taken that was accessed in this time, as people write it. */
  readonly coldAge: string;
  readonly handOverStat: boolean;
  /** Share of one CPU that watching may cost; 1 % by default. */
  readonly cpuCeiling?: number;
}

/** It is to be disposed of. */
export interface DamonLever extends ReclaimLever, AsyncDisposable {
  /** Aborts, with a `ThermoclineError` as the reason, when it is over. */
  readonly signal: AbortSignal;
}

/** @throws ThermoclineError as whatever drives the kernel's DAMON does, and beside others */
export async function openDamonLever(options: DamonLeverOptions): Promise<DamonLever> {
  const { roots, cgroup, handOverStat, cpuCeiling } = options;
  const coldAgeUs = parseKnob(reclaim.knobs.coldAgeUs, options.coldAge);
  requireDamon(new RealSysfsReader(roots.sys));
  const facts = readFacts({ kernel: true, ...(cgroup !== '/' && { cgroup }) }, roots);
  refuseBesideRivals(new LinuxLoopHost(roots, facts.subject).rivals());
  // An order says how much, and it is the host that feels how much is too much.
  const knobs = { coldAgeUs, pressureShare: 0.5, bytesPerSecond: WINDOW_BYTES };
  const { params: planned, notes } = reclaim.plan(knobs, facts);
  // Ages are counted in intervals, so these stay as they are.
  const params = { ...planned, attrs: { ...planned.attrs, intervalsGoal: NO_INTERVALS_GOAL } };
  process.stderr.write(notes.map((note) => `note: ${note}\n`).join(''));
  await using opened = new AsyncDisposableStack();
  const description = 'thermocline agent';
  const session = opened.use(await ActingSession.open({ roots, description, usesKernel: true }));
  for (const scheme of params.schemes) {
    session.record({ text: describeScheme(scheme, params.attrs), undo: null });
  }
  const monitor = opened.use(
    await openMonitor(
      {
        ...{ set: 'kernel', roots, stateDir: openStateFolder(stateFolderPath()) },
        ...{ purpose: description, followChildren: false, pageFilters: [], handOverStat },
      },
      {
        params: takingNothing(params),
        record: (step: LeverStep) => session.record(step),
        ...(cpuCeiling !== undefined && { cpuCeiling }),
      },
    ),
  );
  await monitor.start();
  const gone = new AbortController();
  void monitor.ended.then(({ message }) => gone.abort(new ThermoclineError('TC_SYSTEM', message)));
  const lever = new DamonReclaim(monitor, params);
  const all = opened.move();
  return {
    reclaim: (bytes) => lever.reclaim(bytes),
    signal: AbortSignal.any([session.signal, gone.signal]),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
