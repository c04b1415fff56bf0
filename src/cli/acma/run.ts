/** `acma shadow` and `acma run`: a cgroup or guests, in real time. */
import type { Command } from 'commander';
import { ThermoclineError } from '../../base/errors.ts';
import type { AcmaMode, AcmaReport } from '../../control/acma/acma-loop.ts';
import { AcmaFleet } from '../../control/acma/fleet.ts';
import { PressureWatch } from '../../control/acma/pressure-watch.ts';
import { ActingSession } from '../../control/acting-session.ts';
import { serveOwner } from '../../control/owner-socket.ts';
import { listRuns, restoreAbandoned } from '../../control/runs.ts';
import { openStateFolder, stateFolderPath } from '../../control/state-folder.ts';
import type { Roots } from '../../host/host.ts';
import { Interruption } from '../interruption.ts';
import { rootsOf } from '../roots.ts';
import { acmaKnobs } from './knobs.ts';
import { acmaOutput } from './output.ts';
import { billLine } from './report.ts';
import { statusSocket } from './status.ts';
import { type SubjectOptions, subjectOf } from './subject.ts';

/** The options of both. */
export interface LiveOptions extends SubjectOptions {
  readonly every: number;
  readonly for?: number;
  readonly json?: true;
}

/** The controller looks at its guests so often, whatever is printed. */
const STEP_MS = 1000;

/** Returns the exit status. */
export async function runAcma(
  mode: AcmaMode,
  options: LiveOptions,
  command: Command,
): Promise<number> {
  const roots = rootsOf(command);
  const knobs = acmaKnobs(options);
  const subject = subjectOf(options, roots);
  using interruption = new Interruption();
  const description = `thermocline acma run on ${subject.name}`;
  // What an earlier run may have left is no state to go back to.
  if (mode === 'run') await returnLeftovers(description, roots);
  await using session = mode === 'run' ? await ActingSession.open({ roots, description }) : null;
  // Closed before the session: QEMU serves whoever puts a balloon back only then.
  await using actuators = await subject.open(knobs, session);
  for (const step of actuators.all.flatMap(({ steps }) => steps)) session?.record(step);
  const { budgetBytes } = subject;
  const fleet = await AcmaFleet.start({ actuators: actuators.all, knobs, mode, budgetBytes });
  const latest = new Map<string, AcmaReport>();
  await using _status =
    session &&
    (await serveOwner(statusSocket(openStateFolder(stateFolderPath()), process.pid), async () => [
      ...latest.values(),
    ]));
  const over = AbortSignal.any([interruption.signal, ...(session ? [session.signal] : [])]);
  const watch = new PressureWatch(() => fleet.stalledUs(), knobs.pressureShare);
  const startMs = performance.now();
  let printedMs = Number.NEGATIVE_INFINITY;
  using output = acmaOutput(options.json === true, interruption);
  while (!over.aborted) {
    session?.assertActing();
    const { reports, lost } = await fleet.step();
    for (const report of reports) latest.set(report.name, report);
    if (fleet.nrGuests === 0) throw lost[0]!;
    for (const { message } of lost) output.lost(message);
    const nowMs = performance.now();
    if (nowMs - printedMs >= options.every / 1000 - STEP_MS / 10) {
      printedMs = nowMs;
      output.show(reports);
    }
    if (options.for !== undefined && (nowMs - startMs) * 1000 >= options.for) break;
    await watch.until(STEP_MS, over);
  }
  output[Symbol.dispose]();
  if (!options.json) {
    for (const report of latest.values()) process.stderr.write(`${billLine(report)}\n`);
  }
  if (interruption.signal.aborted) return interruption.exitStatus;
  session?.signal.throwIfAborted();
  return 0;
}

/** Puts back what an earlier run has left. Throws TC_BUSY while another one does the same. */
export async function returnLeftovers(description: string, roots: Roots): Promise<void> {
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
