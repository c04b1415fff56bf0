/**
 * The command line: one row a subcommand. A command's file, and what it needs, is loaded only when
 * its name is on the command line, so that `--help` and typing errors answer at once.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ThermoclineError } from '../base/errors.ts';
import { addRootOptions } from './roots.ts';

/** What each command's file exports: adds the command, its options, help and action. */
interface CommandModule {
  register(program: Command): void;
}

/** One row of the table. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** In the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'watch a small workload of its own, live, beside its simulated twin',
    load: () => import('./demo.ts'),
  },
  {
    name: 'serve',
    summary: 'own monitors, and show them to browsers and programs',
    load: () => import('./serve.ts'),
  },
  {
    name: 'apply',
    summary: 'make the monitors of a service those of a configuration',
    load: () => import('./apply.ts'),
  },
  {
    name: 'attach',
    summary: 'show a monitor of a running service, as watch does',
    load: () => import('./attach.ts'),
  },
  {
    name: 'link',
    summary: 'print an address to open in a browser, good for one sign-in',
    load: () => import('./link.ts'),
  },
  {
    name: 'watch',
    summary: 'show which memory of a process, cgroup or command is touched, live',
    load: () => import('./watch.ts'),
  },
  {
    name: 'record',
    summary: 'write what a process, cgroup or command does with its memory to a file',
    load: () => import('./record.ts'),
  },
  {
    name: 'simulate',
    summary: 'try monitoring and schemes on a simulated machine',
    load: () => import('./simulate.ts'),
  },
  {
    name: 'reclaim',
    summary: 'hand back memory that nobody touches: plan, simulate, shadow, run',
    load: () => import('./reclaim.ts'),
  },
  {
    name: 'tier',
    summary: 'promote hot and demote cold memory between tiers: plan, simulate, status',
    load: () => import('./tier.ts'),
  },
  {
    name: 'lru-sort',
    summary: 'sort the LRU lists of the kernel by what is accessed: plan, simulate, shadow, run',
    load: () => import('./lru-sort.ts'),
  },
  {
    name: 'acma',
    summary: 'scale memory between a minimum and a maximum, by what is accessed',
    load: () => import('./acma.ts'),
  },
  {
    name: 'agent',
    summary: 'in a guest: tell the host how it stands, and make room when asked',
    load: () => import('./agent.ts'),
  },
  {
    name: 'stat',
    summary: 'watch idle times and bandwidth, and do nothing: plan, simulate, shadow, run',
    load: () => import('./stat.ts'),
  },
  {
    name: 'start',
    summary: "run the kernel's DAMON by a parameter file",
    load: () => import('./start.ts'),
  },
  {
    name: 'status',
    summary: "say what the kernel's DAMON does, and whose it is",
    load: () => import('./status.ts'),
  },
  {
    name: 'tune',
    summary: 'change what start has started, and only that',
    load: () => import('./tune.ts'),
  },
  {
    name: 'stop',
    summary: 'stop what start has started',
    load: () => import('./stop.ts'),
  },
  {
    name: 'modules',
    summary: "show or set the kernel's DAMON modules",
    load: () => import('./modules.ts'),
  },
  {
    name: 'whatif',
    summary: 'say what a policy would have saved and cost, from a recording',
    load: () => import('./whatif.ts'),
  },
  {
    name: 'recommend',
    summary: 'name knobs and a memory size for a recorded workload',
    load: () => import('./recommend.ts'),
  },
  {
    name: 'report',
    summary: 'answer questions about a recording',
    load: () => import('./report.ts'),
  },
  {
    name: 'convert',
    summary: 'turn a recording into another format',
    load: () => import('./convert.ts'),
  },
  {
    name: 'top',
    summary: 'list processes or cgroups by memory',
    load: () => import('./top.ts'),
  },
  {
    name: 'doctor',
    summary: 'say what this machine can do, and why not the rest',
    load: () => import('./doctor.ts'),
  },
  {
    name: 'off',
    summary: 'stop everything that acts, at once',
    load: () => import('./off.ts'),
  },
  {
    name: 'restore',
    summary: 'put back what an interrupted session had changed',
    load: () => import('./restore.ts'),
  },
  {
    name: 'schema',
    summary: 'print the JSON Schema of parameter files',
    load: () => import('./schema.ts'),
  },
];

const HELP_FOOTER = `
Exit status:
  0    it worked
  1    it did not work; one line on standard error says why
  2    wrong usage: an argument, option or file that can't be taken
  130  ended by Ctrl-C (143 by SIGTERM)
  watch and record -- COMMAND end with the command's own status.

Examples:
  $ thermocline demo
  $ thermocline watch --pid 1234
  $ thermocline simulate examples/scenarios/demo.yaml`;

/**
 * Runs one command line.
 * @param argv without the interpreter and the script
 * @returns the exit status
 */
export async function main(argv: string[]): Promise<number> {
  process.stdout.off('error', endOutput).on('error', endOutput);
  try {
    const program = await createProgram(argv);
    await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

async function createProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command('thermocline')
    .description(
      'Finds the layer between hot and cold memory, shows it, and moves memory across it.',
    )
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help of a command')
    .exitOverride()
    .showHelpAfterError('Add --help to see what can be written.')
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'thermocline: ')),
    })
    .addHelpText('after', HELP_FOOTER);
  addRootOptions(program);
  for (const { name, summary, load } of COMMANDS) {
    // A command that runs has its name in argv; loading one that only looks so does no harm.
    if (argv.includes(name)) (await load()).register(program);
    else program.command(name).summary(summary);
  }
  return program;
}

function readVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

/** Prints what went wrong as one sentence and returns the exit status. */
function report(error: unknown): number {
  // Commander has already printed its message, help or version.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const debug = process.env['THERMOCLINE_DEBUG'] === '1';
  if (error instanceof ThermoclineError) {
    process.stderr.write(`thermocline: ${error.message}\n`);
    if (debug) process.stderr.write(`${error.stack}\n`);
    return error.code === 'TC_INVALID' ? 2 : 1;
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`thermocline: ${message.split('\n')[0]}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  else process.stderr.write('This is a fault of thermocline: THERMOCLINE_DEBUG=1 shows where.\n');
  return 1;
}

/**
 * A reader that has gone (`| head`) is no error; a full disk is. Commands that hold something
 * listen themselves.
 */
function endOutput(error: NodeJS.ErrnoException): void {
  if (process.stdout.listenerCount('error') > 1) return;
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`thermocline: The output can't be written (${error.code}).\n`);
  process.exit(1);
}
