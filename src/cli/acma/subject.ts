/** What `acma` scales: one cgroup, or QEMU guests under one budget. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ThermoclineError } from '../../base/errors.ts';
import { parseBytes } from '../../base/units.ts';
import type { AcmaActuator } from '../../control/acma/actuator.ts';
import type { HeldJournal } from '../../control/acma/block-taker.ts';
import { CgroupActuator, cgroupName } from '../../control/acma/cgroup-actuator.ts';
import {
  guestName,
  QemuActuator,
  type QemuActuatorOptions,
} from '../../control/acma/qemu-actuator.ts';
import type { Roots } from '../../host/host.ts';
import type { AcmaKnobs } from '../../policies/acma/observation.ts';
import { addKnobs, type KnobOptions } from './knobs.ts';

/** As commander hands them over. */
export interface SubjectOptions extends KnobOptions {
  readonly cgroup?: string;
  readonly stateless?: true;
  readonly qemu?: readonly string[];
  readonly holdBlocks?: true;
  readonly budget?: number;
  readonly reserve?: number;
}

/** What was asked for, checked. */
export interface Subject {
  /** As journals and people call it: the same words are the same memory. */
  readonly name: string;
  /** For all guests together; null: none. */
  readonly budgetBytes: number | null;
  /** Looks at each, and changes nothing yet. Null for a journal: it never will. */
  open(knobs: AcmaKnobs, journal: HeldJournal | null): Promise<OpenActuators>;
}

/** What scales the subject; disposing of it closes them all. */
export interface OpenActuators extends AsyncDisposable {
  readonly all: readonly AcmaActuator[];
}

/** Adds the options that say what to scale, and the knobs. */
export function addSubject(command: Command): void {
  const bytes = (flags: string, meaning: string) =>
    new Option(flags, meaning).argParser((text) => parseBytes(text, flags.split(' ')[0]!));
  command
    .option('--cgroup <path>', 'the cgroup (version 2) to scale')
    .option('--stateless', 'only have cold memory of the cgroup reclaimed; set no limit')
    .option(
      '--qemu <socket...>',
      'the guests to scale, by their memory devices or balloons: sockets of -qmp',
    )
    .option('--hold-blocks', 'size guests by blocks of 2 MiB that the agents in them hold')
    .addOption(bytes('--budget <bytes>', 'most memory that all guests may have together'))
    .addOption(bytes('--reserve <bytes>', 'keep so much of the budget back'));
  addKnobs(command);
}

/** Throws TC_INVALID for options that don't go together. */
export function subjectOf(options: SubjectOptions, roots: Roots): Subject {
  const { cgroup, stateless, qemu, holdBlocks, budget, reserve = 0 } = options;
  if ((cgroup === undefined) === (qemu === undefined)) {
    throw new ThermoclineError('TC_INVALID', 'Name what to scale: either --cgroup, or --qemu.');
  }
  if (cgroup !== undefined) {
    if (holdBlocks) {
      throw new ThermoclineError('TC_INVALID', '--hold-blocks is for guests; name --qemu.');
    }
    const holds = stateless !== true;
    return {
      name: cgroupName(cgroup, roots),
      budgetBytes: null,
      open: async (knobs) => closing([new CgroupActuator({ roots, path: cgroup, knobs, holds })]),
    };
  }
  const sockets = [...new Set(qemu!.map((socket) => resolve(socket)))].sort();
  return {
    name: sockets.map(guestName).join(', '),
    budgetBytes: budget === undefined ? null : budget - reserve,
    open: (knobs, journal) =>
      openGuests(
        sockets.map((socketPath) => ({
          ...{ socketPath, knobs },
          ...(holdBlocks && { holding: { roots, journal } }),
        })),
      ),
  };
}

async function openGuests(guests: readonly QemuActuatorOptions[]): Promise<OpenActuators> {
  const all: AcmaActuator[] = [];
  const open = closing(all);
  try {
    for (const guest of guests) all.push(await QemuActuator.open(guest));
    return open;
  } catch (error) {
    await open[Symbol.asyncDispose]();
    throw error;
  }
}

function closing(all: readonly AcmaActuator[]): OpenActuators {
  return {
    all,
    async [Symbol.asyncDispose]() {
      for (const actuator of all) await actuator.close();
    },
  };
}
