/** What this machine can do for Thermocline, in sentences. Reads, and changes nothing. */
import { ThermoclineError } from '../../base/errors.ts';
import { formatDuration } from '../../base/units.ts';
import type { HostFacts, Roots } from '../../host/host.ts';
import { LinuxHost } from '../../host/linux/linux-host.ts';
import type { Syscalls } from '../../host/linux/syscalls.ts';
import { detectActors } from '../actors.ts';
import { OffSwitch } from '../off-switch.ts';
import { listRuns } from '../runs.ts';
import { checkStateFolder } from '../state-folder.ts';
import { canAct } from './can-act.ts';
import { canWatch } from './can-watch.ts';
import { type Check, check } from './check.ts';
import { kernelFeatures } from './kernel-features.ts';
import { memoryTiers } from './memory-tiers.ts';

/** Checks of one subject. */
export interface CheckGroup {
  readonly name: string;
  readonly checks: readonly Check[];
}

/** What `thermocline doctor --json` prints. */
export interface Diagnosis {
  readonly kernelRelease: string;
  readonly architecture: string;
  readonly groups: readonly CheckGroup[];
}

/** What an examination needs besides the file trees. */
export interface ExamineOptions {
  readonly roots: Roots;
  readonly stateDir: string;
  /** The machine's system calls, or the sentence that says why there are none. */
  readonly syscalls: Syscalls | string;
}

/** Looks at everything. What can't be read becomes a sentence, not an error. */
export function examine(options: ExamineOptions): Diagnosis {
  const { roots, stateDir, syscalls } = options;
  const facts = new LinuxHost(roots).facts();
  const features = kernelFeatures(roots, stateDir, facts.kernelRelease);
  return {
    kernelRelease: facts.kernelRelease,
    architecture: facts.architecture,
    groups: [
      { name: 'watching', checks: canWatch(roots, stateDir) },
      ...(features.length > 0 ? [{ name: "the kernel's DAMON", checks: features }] : []),
      { name: 'acting', checks: canAct(roots, facts, syscalls) },
      { name: 'tuning', checks: [pressure(facts)] },
      { name: 'tiers', checks: memoryTiers(roots) },
      { name: 'other actors', checks: otherActors(roots) },
      { name: 'safety', checks: safety(stateDir) },
    ],
  };
}

function pressure(facts: HostFacts): Check {
  const lost = facts.pressure;
  return check('pressure', lost ? 'yes' : 'no', {
    yes:
      'The kernel accounts memory pressure (PSI), so schemes can be tuned by it; since boot, ' +
      `${formatDuration(lost?.someUs ?? 0)} were lost.`,
    no: 'The kernel does not account memory pressure; boot with psi=1 to tune schemes by it.',
  });
}

function otherActors(roots: Roots): Check[] {
  const actors = detectActors(roots);
  const present = actors.filter((actor) => actor.present);
  const absent = actors.filter((actor) => !actor.present).map((actor) => actor.name);
  return [
    ...present.map(({ name, note }): Check => ({ name, status: 'note', sentence: note })),
    { name: 'absent', status: 'yes', sentence: `Not at work here: ${absent.join(', ')}.` },
  ];
}

function safety(stateDir: string): Check[] {
  try {
    if (!checkStateFolder(stateDir)) {
      const sentence = `The state folder ${stateDir} is not there yet: nothing has ever acted.`;
      return [{ name: 'state-folder', status: 'note', sentence }];
    }
  } catch (error) {
    if (!(error instanceof ThermoclineError)) throw error;
    return [{ name: 'state-folder', status: 'no', sentence: error.message }];
  }
  const offSwitch = new OffSwitch(stateDir);
  const runs = listRuns(stateDir).filter((run) => run.state !== 'finished');
  const sentences = {
    acting: (pid: number | null, what: string) => `Process ${pid} acts: ${what}.`,
    watching: (pid: number | null, what: string) =>
      `Process ${pid} watches through the kernel: ${what}.`,
    abandoned: (pid: number | null, what: string) =>
      `Process ${pid} has gone and left its steps (${what}); "thermocline restore" puts them back.`,
    damaged: (_: number | null, what: string) => what,
    finished: () => '',
  };
  return [
    { name: 'state-folder', status: 'yes', sentence: `The state folder is ${stateDir}.` },
    check('off-switch', offSwitch.isOff() ? 'note' : 'yes', {
      note: 'Acting is switched off; "thermocline off --undo" allows it again.',
      yes: 'Acting is allowed; "thermocline off" stops everything that acts.',
    }),
    ...runs.map(
      (run): Check => ({
        name: `run-${run.state}`,
        status: run.state === 'acting' || run.state === 'watching' ? 'note' : 'no',
        sentence: sentences[run.state](run.pid, run.description),
      }),
    ),
  ];
}
