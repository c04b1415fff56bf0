import { basename } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import { answerOwnerRequest } from '../../control/owner-answers.ts';
import { serveOwner } from '../../control/owner-socket.ts';
import type { Roots } from '../../host/host.ts';
import { KernelMonitor } from '../../monitor/kernel-monitor.ts';
import { slotSocket } from '../../monitor/kernel-slots.ts';
import type { Params } from '../../params/types.ts';
import { Interruption } from '../interruption.ts';
import type { StartOptions } from '../start.ts';
import { kernelSubject } from '../watch/kernel-subject.ts';
import { printWrites } from '../watch/print-writes.ts';
import { whatEnds } from '../watch/run.ts';
import { openSession } from '../watch/session.ts';
import { standInForStat } from '../watch/stand-in.ts';
import type { Subject } from '../watch/subject.ts';
import { startDetached, tellStarter } from './detach.ts';

/** Runs what a parameter file says until something ends it; returns the exit status. */
export async function runStart(file: string, options: StartOptions, roots: Roots): Promise<number> {
  if (options.detach) return await startDetached();
  await using subject = await kernelSubject([], { ...options, params: file }, roots, 'stderr');
  if (options.dryRun) return await printWrites(subject);
  using interruption = new Interruption();
  const description = `thermocline start ${basename(file)}`;
  await using session = await openSession(subject, description, roots);
  await using monitor = openKernelMonitor(subject, options, session!);
  const standIn = standInForStat(subject, session);
  await monitor.start();
  await using _figures = await standIn();
  const { number, kdamondPid } = monitor.slot!;
  const { acts } = subject;
  let { params } = subject;
  const commit = async (next: Params) => {
    await monitor.commit(next);
    params = next;
  };
  const stop = () => interruption.end();
  await using _owner = await serveOwner(slotSocket(stateDirOf(subject), number), (request) =>
    answerOwnerRequest({ monitor, params, acts, commit, stop }, request),
  );
  const started = { slot: number, kdamondPid, pid: process.pid, file, mode: subject.mode };
  say(started, options, monitor.description.caveats);
  const over = new AbortController();
  const forUs = options.for ?? null;
  const ending = await whatEnds(
    { monitor, interruption, child: null, session, forUs },
    over.signal,
  );
  over.abort();
  process.stderr.write(`${ending.reason}\n`);
  if (ending.error !== undefined) throw ending.error;
  // Being ended is what a run without an end is for.
  return options.for === undefined && ending.exitStatus > 128 ? 0 : ending.exitStatus;
}

/** What a start tells of what it has started. */
interface Started {
  readonly slot: number;
  readonly kdamondPid: number | null;
  readonly pid: number;
  readonly file: string;
  readonly mode: string;
}

function say(started: Started, { json }: StartOptions, notes: readonly string[]): void {
  const { slot, kdamondPid, pid, file, mode } = started;
  const text = json
    ? JSON.stringify({ ...started, notes })
    : [
        `DAMON runs in slot ${slot} by ${file}, ${mode}: kdamond ${kdamondPid}, owned by process ${pid}.`,
        ...notes.map((note) => `- ${note}`),
      ].join('\n');
  process.stdout.write(`${text}\n`);
  tellStarter();
}

function openKernelMonitor(
  { operations, params }: Subject,
  { ceiling }: StartOptions,
  session: NonNullable<Awaited<ReturnType<typeof openSession>>>,
): KernelMonitor {
  if (operations.set !== 'kernel') throw new ThermoclineError('TC_INVALID', 'It takes the kernel.');
  return new KernelMonitor(operations, {
    params,
    ...(ceiling !== undefined && { cpuCeiling: ceiling }),
    record: (step) => session.record(step),
  });
}

function stateDirOf({ operations }: Subject): string {
  return operations.set === 'kernel' ? operations.stateDir : '';
}
