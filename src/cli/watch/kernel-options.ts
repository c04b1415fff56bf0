import { type Command, Option } from 'commander';
import { ThermoclineError } from '../../base/errors.ts';
import type { ForeignPlace } from '../../kernel/foreign-context.ts';
import { DAMON_MODULES } from '../../kernel/modules.ts';
import { addPageType } from './page-types.ts';

/** Adds the options that select the kernel's DAMON; nothing else does. */
export function addKernelOptions(command: Command): void {
  command
    .option('--kernel', "watch with the kernel's own DAMON, which takes root")
    .option('--physical', 'with --kernel: physical memory; --cgroup then says whose pages count');
  addPlaceOptions(command, 'with --kernel: physical memory');
  command.option(
    '--pages <type>',
    'with --kernel: tell how much of each region is anon, file, young, active, huge or unmapped; ' +
      'may be repeated',
    addPageType,
  );
  command.option(
    '--foreign <what>',
    'with --kernel: a kdamond of somebody else, by its slot or module; it is only listened to',
    foreignPlace,
  );
  addHandover(command);
}

/** Adds the options that name nodes and zones. */
export function addPlaceOptions(command: Command, memory: string): void {
  command
    .option('--node <number>', `${memory} of this node; may be repeated`, addNode)
    .option('--zone <name>', `${memory} of this zone, like Normal; may be repeated`, addName);
}

/** Collects what an option is given each time. */
export function addName(name: string, before: readonly string[] = []): string[] {
  return [...before, name];
}

function foreignPlace(text: string): ForeignPlace {
  const module = DAMON_MODULES.find((name) => name === text);
  if (module !== undefined) return { module };
  if (/^\d{1,3}$/.test(text)) return { slot: Number(text) };
  throw new ThermoclineError(
    'TC_INVALID',
    `--foreign is "${text}"; write the number of a slot, as "thermocline status" lists them, or ` +
      `${DAMON_MODULES.join(', ')}.`,
  );
}

/** Adds the option that lets a module of the kernel make room. */
export function addHandover(command: Command): void {
  command.addOption(
    new Option(
      '--handover <module>',
      "switch this module off while the kernel's DAMON is ours, and on again at the end",
    ).choices(['damon_stat']),
  );
}

function addNode(text: string, before: readonly number[] = []): number[] {
  if (/^\d{1,4}$/.test(text)) return [...before, Number(text)];
  throw new ThermoclineError('TC_INVALID', `--node is "${text}"; write the number of a node.`);
}
