import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../../host/host.ts';
import { type ForeignPlace, readForeignContext } from '../../kernel/foreign-context.ts';
import { RealSysfsReader } from '../../kernel/real-sysfs.ts';
import type { Subject, SubjectOptions } from './subject.ts';

/** A kdamond of somebody else, to be listened to. */
export function foreignSubject(
  place: ForeignPlace,
  options: SubjectOptions,
  roots: Roots,
): Subject {
  refuseChanges(options);
  const { name, kdamondPid, params } = readForeignContext(new RealSysfsReader(roots.sys), place);
  return {
    name: `kdamond ${kdamondPid} (${name})`,
    operations: { set: 'foreign', roots, place },
    params,
    child: null,
    mode: "somebody else's",
    acts: false,
    steps: [],
    [Symbol.asyncDispose]: async () => {},
  };
}

function refuseChanges(options: SubjectOptions): void {
  for (const name of ['params', 'act', 'dryRun', 'force', 'pages', 'handover'] as const) {
    if (options[name] === undefined) continue;
    const flag = name === 'dryRun' ? 'dry-run' : name;
    throw new ThermoclineError(
      'TC_INVALID',
      `--${flag} would change a kdamond of somebody else, and --foreign only listens; leave one out.`,
    );
  }
}
