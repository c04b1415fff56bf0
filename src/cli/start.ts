import type { Command } from 'commander';
import { SOCKET_OPTION } from './service-connection.ts';
import { addHandover } from './watch/kernel-options.ts';
import { ceilingValue, durationValue } from './watch/option-values.ts';

const EXAMPLES = `
FILE has what watch --params takes: what to watch, how closely, and schemes. What runs ends with
this process, however that ends. status, tune and stop work on it from elsewhere.

Where a service of yours runs, it owns what is started, with a history and in its dashboard. Ctrl-C
ends it all the same; should this process be killed, it goes on there.

Examples:
  $ thermocline start watch.yaml
  $ thermocline start --act --detach reclaim.yaml
  $ thermocline start --dry-run reclaim.yaml`;

/** The command line's words. */
export interface StartOptions {
  readonly act?: true;
  readonly detach?: true;
  readonly dryRun?: true;
  readonly handover?: 'damon_stat';
  readonly follow: boolean;
  readonly ceiling?: number;
  readonly for?: number;
  readonly socket?: string;
  readonly json?: true;
}

/** Adds `thermocline start`. */
export function register(program: Command): void {
  const command = program
    .command('start')
    .summary("run the kernel's DAMON by a parameter file")
    .description(
      "Runs the kernel's DAMON by a parameter file, until it is stopped or its targets have ended. " +
        'Schemes are only counted unless --act is given. It takes root.',
    )
    .argument('<file>', 'parameters, YAML or JSON; what damo wrote is read, too')
    .option('--act', 'let the schemes act')
    .option('--dry-run', 'print the exact writes and make none')
    .option('--detach', 'run in the background, and return as soon as it runs')
    .option('--no-follow', 'leave out processes that the watched ones start')
    .option('--for <duration>', 'end after this time', durationValue('--for'))
    .option(
      '--ceiling <percent>',
      'share of one CPU that watching may cost (default: 1)',
      ceilingValue,
    )
    .option(...SOCKET_OPTION)
    .option('--json', 'print what was started as one line of JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: StartOptions, command: Command) => {
      const { rootsOf } = await import('./roots.ts');
      const { runStart } = await import('./kernel/run-start.ts');
      process.exitCode = await runStart(file, options, rootsOf(command));
    });
  addHandover(command);
}
