import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseBytes } from '../base/units.ts';
import type { Roots } from '../host/host.ts';
import { rootsOf } from './roots.ts';
import { addHandover } from './watch/kernel-options.ts';

/** Some hours of a thousand regions, ten times a second. */
const DEFAULT_RECORD_BYTES = 64 * 2 ** 20;

/** What the command line says. */
export interface ServeOptions {
  readonly socket?: string;
  readonly port?: number;
  readonly stateDir?: string;
  readonly config?: string;
  readonly monitor: readonly string[];
  readonly handover?: 'damon_stat';
  readonly recordBytes: number;
  readonly demo?: true;
  readonly json?: true;
}

const EXAMPLES = `
The socket is a file that only you can open (mode 0600). With --port, the service listens on
127.0.0.1, too, where every request needs a token; a browser gets in by the link that is printed,
once. Nothing is watched that you have not named, and nothing acts unless you say so.

With --json, the first line on standard output is {"socket","url","readTokenFile","actTokenFile"}.

Examples:
  $ thermocline serve --port 8472 --monitor pid:1234
  $ thermocline serve --monitor twin=sim:examples/scenarios/demo.yaml --json`;

export function register(program: Command): void {
  const command = program
    .command('serve')
    .summary('own monitors, and show them to browsers and programs')
    .description(
      'Runs monitors with names and histories, and serves them over a unix socket or loopback: ' +
        'API, live streams, events.',
    )
    .option('--socket <path>', 'the unix socket (default: thermocline.sock in the state folder)')
    .option('--port <port>', 'listen on this port of 127.0.0.1, too; 0 for any', portValue)
    .option('--state-dir <folder>', 'where tokens, journals and monitors are kept')
    .option('--config <file>', 'monitors that there should be; read again on SIGHUP')
    .option(
      '--monitor <what>',
      'watch sim:SCENARIO, pid:NUMBER, cgroup:PATH, or kernel:pid:NUMBER, kernel:cgroup:PATH, ' +
        'kernel:physical by the DAMON of the kernel, as NAME=… where it needs a name; repeatable',
      (text: string, all: readonly string[]) => [...all, text],
      [],
    )
    .addOption(
      new Option('--record-bytes <size>', 'record up to so much of each monitor; 0: nothing')
        .argParser((text: string) => parseBytes(text, '--record-bytes'))
        .default(DEFAULT_RECORD_BYTES, '64 MiB'),
    )
    .addOption(new Option('--demo', 'watch a small workload of its own and its simulated twin'))
    .option('--json', 'print where the service is as one line of JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: ServeOptions, command: Command) => {
      const roots: Roots = rootsOf(command);
      const { serve } = await import('./serve/run.ts');
      process.exitCode = await serve(options, roots);
    });
  addHandover(command);
}

function portValue(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new InvalidArgumentError('Write a port from 1 to 65535, or 0 for any that is free.');
}
