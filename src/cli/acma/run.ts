/** `acma shadow` and `acma run`: one cgroup in real time. */
import type { Command } from 'commander';
import { ThermoclineError } from '../../base/errors.ts';
import { exactJson } from '../../base/exact-json.ts';
import { AcmaLoop, type AcmaMode, type AcmaReport } from '../../control/acma/acma-loop.ts';
import { CgroupActuator, cgroupName } from '../../control/acma/cgroup-actuator.ts';
import { PressureWatch } from '../../control/acma/pressure-watch.ts';
import { ActingSession } from '../../control/acting-session.ts';
import { serveOwner } from '../../control/owner-socket.ts';
import { listRuns, restoreAbandoned } from '../../control/runs.ts';
import { openStateFolder, stateFolderPath } from '../../control/state-folder.ts';
import type { Roots } from '../../host/host.ts';
import { Interruption } from '../interruption.ts';
import { rootsOf } from '../roots.ts';
import { acmaKnobs, type KnobOptions } from './knobs.ts';
import { billLine, standingLine } from './report.ts';
import { statusSocket } from './status.ts';

/** The options of both. */
export interface LiveOptions extends KnobOptions {
  readonly cgroup: string;
  readonly stateless?: true;
  readonly every: number;
  readonly for?: number;
  readonly json?: true;
}

/** The controller looks at its guest so often, whatever is printed. */
const STEP_MS = 1000;

/** Returns the exit status. */
export async function runAcma(
  mode: AcmaMode,
  options: LiveOptions,
  command: Command,
): Promise<number> {
  const roots = rootsOf(command);
  const knobs = acmaKnobs(options);
  using interruption = new Interruption();
  const holds = options.stateless !== true;
  const description = `thermocline acma run on ${cgroupName(options.cgroup, roots)}`;
  // What an earlier run may have left is no state to go back to.
  if (mode === 'run') await returnLeftovers(description, roots);
  const actuator = new CgroupActuator({ roots, path: options.cgroup, knobs, holds });
  await using session = mode === 'run' ? await ActingSession.open({ roots, description }) : null;
  for (const step of actuator.steps) session?.record(step);
  const loop = new AcmaLoop(actuator, knobs, mode);
  let latest: AcmaReport | null = null;
  await using _status =
    session &&
    (await serveOwner(
      statusSocket(openStateFolder(stateFolderPath()), process.pid),
      async () => latest,
    ));
  const over = AbortSignal.any([interruption.signal, ...(session ? [session.signal] : [])]);
  const watch = new PressureWatch(() => actuator.stalledUs(), knobs.pressureShare);
  const startMs = performance.now();
  let printedMs = Number.NEGATIVE_INFINITY;
  while (!over.aborted) {
    session?.assertActing();
    latest = await loop.step();
    const nowMs = performance.now();
    if (nowMs - printedMs >= options.every / 1000 - STEP_MS / 10) {
      printedMs = nowMs;
      print(latest, options);
    }
    if (options.for !== undefined && (nowMs - startMs) * 1000 >= options.for) break;
    await watch.until(STEP_MS, over);
  }
  if (latest !== null && !options.json) process.stderr.write(`${billLine(latest)}\n`);
  if (interruption.signal.aborted) return interruption.exitStatus;
  session?.signal.throwIfAborted();
  return 0;
}

/** Throws TC_BUSY while another run scales the same. */
async function returnLeftovers(description: string, roots: Roots): Promise<void> {
  const stateDir = openStateFolder(stateFolderPath());
  const others = listRuns(stateDir).filter((run) => run.description === description);
  const other = others.find(({ state }) => state === 'acting');
  if (other !== undefined) {
    throw new ThermoclineError(
      'TC_BUSY',
      `Process ${other.pid} does the same already (${description}); end it first.`,
    );
  }
  const { failed } = await restoreAbandoned(stateDir, roots, description);
  if (failed.length > 0) throw new ThermoclineError('TC_SYSTEM', failed.join(' '));
}

function print(report: AcmaReport, { json }: LiveOptions): void {
  const line = json ? exactJson(report) : standingLine(report, report.mode === 'shadow');
  process.stdout.write(`${line}\n`);
}
