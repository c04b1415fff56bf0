import { basename } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { MonitorSpec, Watch } from '../../client/api-types.ts';
import { fittingName, freeName, nameOfFile } from '../monitor-names.ts';

/**
 * Monitors that `--monitor` asks for, with a name each.
 * @param handover what those in the kernel have handed over
 */
export function namedMonitors(
  texts: readonly string[],
  handover?: 'damon_stat' | undefined,
): MonitorSpec[] {
  const names = new Set<string>();
  return texts.map((text) => {
    const match = /^(?:([A-Za-z0-9][\w.-]{0,62})=)?(sim|pid|cgroup|kernel):(.+)$/.exec(text);
    if (match === null) throw notUnderstood(text);
    const [, given, kind, subject] = match;
    const asked = watchOf(kind!, subject!, text);
    const watch = asked.kind === 'kernel' && handover ? { ...asked, handover } : asked;
    const name = given ?? freeName(nameOf(watch, subject!), names);
    names.add(name);
    return { name, watch };
  });
}

function watchOf(kind: string, subject: string, text: string): Watch {
  if (kind === 'sim') return { kind: 'simulation', scenario: subject };
  if (kind === 'cgroup') return { kind: 'cgroup', path: subject };
  if (kind === 'kernel') return kernelWatch(subject, text);
  return { kind: 'processes', pids: pidsOf(subject, text) };
}

/** `pid:1,2`, `cgroup:/path`, `physical`, or `physical:` and numbers of nodes. */
function kernelWatch(subject: string, text: string): Watch {
  const [, what, rest] = /^(pid|cgroup|physical)(?::(.+))?$/.exec(subject) ?? [];
  if (what === 'physical') {
    const node = rest?.split(',').map(Number);
    if (node?.some((number) => !Number.isInteger(number) || number < 0)) throw notUnderstood(text);
    return { kind: 'kernel', physical: node === undefined ? {} : { node } };
  }
  if (rest === undefined) throw notUnderstood(text);
  if (what === 'cgroup') return { kind: 'kernel', cgroup: rest };
  return { kind: 'kernel', pids: pidsOf(rest, text) };
}

function pidsOf(subject: string, text: string): number[] {
  const pids = subject.split(',').map(Number);
  if (!pids.every((pid) => Number.isInteger(pid) && pid > 0)) throw notUnderstood(text);
  return pids;
}

/** `demo` of a scenario's file, `pid-12`, `db.service` of a cgroup. */
function nameOf(watch: Watch, subject: string): string {
  if (watch.kind === 'processes') return `pid-${watch.pids[0]}`;
  if (watch.kind === 'kernel') return fittingName(`kernel-${watch.pids?.[0] ?? basename(subject)}`);
  return watch.kind === 'simulation' ? nameOfFile(subject) : fittingName(basename(subject));
}

function notUnderstood(text: string): ThermoclineError {
  return new ThermoclineError(
    'TC_INVALID',
    `--monitor is "${text}"; write sim:SCENARIO, pid:NUMBER, cgroup:PATH, kernel:pid:NUMBER, ` +
      'kernel:cgroup:PATH or kernel:physical, with NAME= in front where the name matters.',
  );
}
