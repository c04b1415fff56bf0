/** `acma pool plan | simulate | run | status`: contiguous memory that is kept ready. */
import { type Command, Option } from 'commander';
import { parseBytes } from '../../base/units.ts';
import { parsePercent } from '../policy/knob-options.ts';
import { durationValue } from '../watch/option-values.ts';
import type { PlayOptions } from './play-plant.ts';
import type { PoolOptions } from './pool.ts';

const EXAMPLES = `
Examples:
  $ thermocline acma pool simulate examples/scenarios/contiguous-pool.yaml
  $ thermocline acma pool plan --target 512M
  $ thermocline acma pool run --target 512M`;

/** Adds them to `acma`. */
export function addPool(parent: Command): void {
  const pool = parent
    .command('pool')
    .summary('keep contiguous memory ready, in blocks of 2 MiB')
    .description(
      'Keeps so much memory free in blocks of 2 MiB, for whoever needs it in one piece: cold memory ' +
        'leaves and the kernel compacts, slowly and only while all is calm. Nothing is held, so ' +
        'whoever is short of memory has it at once.',
    )
    .addHelpText('after', EXAMPLES);
  const json = ['--json', 'print one JSON object'] as const;
  addKnobs(pool.command('plan').summary('print how it stands and what a run would write'))
    .description('Prints how it stands, and what a run would write. Changes nothing.')
    .option(...json)
    .action(async (options: PoolOptions, self: Command) => {
      const { printPoolPlan } = await import('./pool.ts');
      process.stdout.write(printPoolPlan(options, self));
    });
  addKnobs(pool.command('run').summary('keep it ready, until the run is ended'))
    .description('Keeps it ready, until the run is ended. Leaves nothing behind.')
    .addOption(every(1_000_000, '1s'))
    .option('--for <duration>', 'end after this time', durationValue('--for'))
    .option('--json', 'print one object a line')
    .action(async (options: PoolOptions, self: Command) => {
      const { runPool } = await import('./pool.ts');
      process.exitCode = await runPool(options, self);
    });
  pool
    .command('simulate')
    .argument('<scenario>', 'a simulated machine: YAML with an "acma" part that has a "pool"')
    .summary('keep a pool on a simulated machine, much faster than real time')
    .description(
      'Keeps the pool of a simulated machine to the end of its scenario, and says how demands were ' +
        'met with it and without. No memory of this computer is watched or touched.',
    )
    .addOption(every(10_000_000, '10s'))
    .option('--json', 'print one object a line, the last with the figures of the run')
    .action(async (file: string, options: PlayOptions) => {
      const { printPoolSimulation } = await import('./simulate-pool.ts');
      process.exitCode = await printPoolSimulation(file, options);
    });
  pool
    .command('status')
    .summary('show the runs of pools and how they are doing')
    .description('Shows the runs of pools and how they are doing. Changes nothing.')
    .option(...json)
    .action(async (options: { readonly json?: true }) => {
      const { printPoolStatus } = await import('./pool.ts');
      process.stdout.write(await printPoolStatus(options.json === true));
    });
}

function addKnobs(command: Command): Command {
  return command
    .addOption(
      new Option('--target <bytes>', 'what is to be ready, in blocks of 2 MiB')
        .argParser((text) => parseBytes(text, '--target'))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--pressure <percent>', 'share of time that may be lost to a lack of memory')
        .argParser((text) => parsePercent(text, '--pressure'))
        .default(0.001, '0.1%'),
    );
}

function every(defaultUs: number, words: string): Option {
  return new Option('--every <duration>', 'print a line so often')
    .argParser(durationValue('--every'))
    .default(defaultUs, words);
}
