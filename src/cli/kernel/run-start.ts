import { basename } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import { answerOwnerRequest } from '../../control/owner-answers.ts';
import { serveOwner } from '../../control/owner-socket.ts';
import type { Roots } from '../../host/host.ts';
import { KernelMonitor } from '../../monitor/kernel-monitor.ts';
import { slotSocket } from '../../monitor/kernel-slots.ts';
import type { Params } from '../../params/types.ts';
import { Interruption } from '../interruption.ts';
import { reachableService } from '../service-connection.ts';
import type { StartOptions } from '../start.ts';
import { kernelSubject } from '../watch/kernel-subject.ts';
import { printWrites } from '../watch/print-writes.ts';
import { openSession, standInFor } from '../watch/session.ts';
import type { Subject } from '../watch/subject.ts';
import { startDetached } from './detach.ts';
import { startInService } from './start-in-service.ts';
import { endStarted, sayStarted } from './started.ts';

/** Runs what a parameter file says until something ends it; returns the exit status. */
export async function runStart(file: string, options: StartOptions, roots: Roots): Promise<number> {
  const service = options.dryRun ? null : await reachableService(options.socket);
  // A service goes on by itself, but somebody has to look at the time.
  if (options.detach && (service === null || options.for !== undefined))
    return await startDetached();
  if (service !== null) return await startInService(service, file, options);
  await using subject = await kernelSubject([], { ...options, params: file }, roots, 'stderr');
  if (options.dryRun) return await printWrites(subject);
  using interruption = new Interruption();
  const description = `thermocline start ${basename(file)}`;
  await using session = await openSession(subject, description, roots);
  await using monitor = openKernelMonitor(subject, options, session!);
  const standIn = standInFor(subject, session);
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
  sayStarted(started, options, monitor.description.caveats);
  return await endStarted({ monitor, interruption, session }, options);
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
