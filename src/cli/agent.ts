import { type Command, Option } from 'commander';
import { AGENT_PORT } from '../host/linux/agent-messages.ts';

const HELP = `
What the host asks for, and what it takes the guest's word for: docs/acma.md.

Examples:
  $ thermocline agent
  $ thermocline agent --cgroup /batch
  $ thermocline agent --hold-blocks
  $ thermocline agent --damon --cold-age 2m`;

/** The options of `agent`. */
export interface AgentOptions {
  readonly port: string;
  readonly cgroup: string;
  readonly holdBlocks?: true;
  readonly damon?: true;
  readonly coldAge?: string;
  readonly handover?: 'damon_stat';
}

/** Adds `thermocline agent`. */
export function register(program: Command): void {
  program
    .command('agent')
    .summary('in a guest: tell the host how it stands, and make room when asked')
    .description(
      'Runs in a QEMU guest that cooperates with "thermocline acma run" on its host: reports its memory ' +
        'and pressure through a virtio-serial port, and has cold memory reclaimed, and free memory ' +
        'compacted, when the host asks for it. Ends when it is told to.',
    )
    .option('--port <name>', 'the virtio-serial port', AGENT_PORT)
    .option('--cgroup <path>', 'reclaim from this cgroup only', '/')
    .option('--hold-blocks', 'let the host have free blocks of 2 MiB, which the agent then holds')
    .option('--damon', "have the guest's DAMON choose what leaves, instead of its kernel's lists")
    .option(
      '--cold-age <duration>',
      'with --damon: take nothing that was accessed in this time (default: 1m)',
    )
    .addOption(
      new Option('--handover <module>', 'with --damon: switch this module off meanwhile').choices([
        'damon_stat',
      ]),
    )
    .addHelpText('after', HELP)
    .action(async (options: AgentOptions, command: Command) => {
      const { rootsOf } = await import('./roots.ts');
      const { runAgent } = await import('./agent/run-agent.ts');
      process.exitCode = await runAgent(options, rootsOf(command));
    });
}
