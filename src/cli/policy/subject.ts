/** What a policy is about, from the command line. */
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../../host/host.ts';
import { cgroupPids } from '../../host/linux/cgroup-pids.ts';
import { readCgroupOfProcess, whyCgroupsUnusable } from '../../host/linux/cgroup-tree.ts';
import { LinuxHost } from '../../host/linux/linux-host.ts';
import type { PolicyFacts, Subject } from '../../policies/policy.ts';
import { type PartOptions, readPart } from './part.ts';

/** The options that name it. */
export interface SubjectOptions extends PartOptions {
  readonly kernel?: true;
  readonly pid?: readonly number[];
  readonly cgroup?: string;
}

/** Reads all that a policy may know about this machine and the subject. */
export function readFacts(options: SubjectOptions, roots: Roots): PolicyFacts {
  const subject = subjectOf(options);
  const watcher = options.kernel ? 'kernel' : 'smaps';
  const part = readPart(options, roots);
  const needsPids = subject.kind === 'cgroup' && watcher === 'smaps';
  return {
    host: new LinuxHost(roots).facts(),
    subject,
    ...(part !== null && { part }),
    watcher,
    pids: needsPids ? cgroupPids(subject.path, roots) : [],
    ownCgroup: ownCgroup(roots),
    intervals: null,
  };
}

function subjectOf({ kernel, pid, cgroup }: SubjectOptions): Subject {
  if (pid !== undefined && cgroup !== undefined) {
    throw new ThermoclineError('TC_INVALID', 'Write either --pid or --cgroup, not both.');
  }
  if (pid !== undefined) return { kind: 'processes', pids: pid };
  if (cgroup !== undefined) return { kind: 'cgroup', path: cgroup };
  if (kernel) return { kind: 'machine' };
  throw new ThermoclineError(
    'TC_INVALID',
    'It is not said what this is about; write --pid or --cgroup, or --kernel for the whole machine.',
  );
}

/** The root is everybody's: leaving it out would leave out the machine. */
function ownCgroup(roots: Roots): string | null {
  const path = readCgroupOfProcess(roots, process.pid);
  return path === null || path === '/' || whyCgroupsUnusable(roots) !== null ? null : path;
}
