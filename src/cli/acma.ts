/** `thermocline acma plan | simulate | shadow | run | status | power`: memory that follows its use. */
import { type Command, Option } from 'commander';
import { parseBytes } from '../base/units.ts';
import type { AcmaMode } from '../control/acma/acma-loop.ts';
import type { PlayOptions } from './acma/play-plant.ts';
import { addPool } from './acma/pool-commands.ts';
import type { SimulatePowerOptions } from './acma/power.ts';
import type { LiveOptions } from './acma/run.ts';
import { addSubject } from './acma/subject.ts';
import { durationValue } from './watch/option-values.ts';

const EXAMPLES = `
Examples:
  $ thermocline acma simulate examples/scenarios/auto-scaling.yaml
  $ thermocline acma shadow --cgroup /db --min 256M --max 2G
  $ thermocline acma run --cgroup /db --min 256M --max 2G --pressure 0.1%
  $ thermocline acma run --qemu a.qmp b.qmp --min 1G --max 4G --budget 6G`;

export function register(program: Command): void {
  const acma = program
    .command('acma')
    .summary('scale memory between a minimum and a maximum, by what is accessed')
    .description(
      'Scales the memory of a cgroup, of QEMU guests by their memory devices or balloons, or of a ' +
        'simulated guest, between a minimum and a maximum: ' +
        'slowly down while all is calm, at once up when time is lost to a lack of memory.',
    )
    .addHelpText('after', EXAMPLES);
  addPlan(acma);
  addSimulate(acma);
  addLive(acma, 'shadow', 'recommend a size again and again, and change nothing');
  addLive(acma, 'run', 'scale it, until it is ended; then limits and guests are as they were');
  addStatus(acma);
  addPool(acma);
  addPower(acma);
}

function addPlan(parent: Command): void {
  const plan = parent
    .command('plan')
    .summary('print what a run would write, and why, and do nothing')
    .description('Prints how it stands, and what a run may write to. Changes nothing.');
  addSubject(plan);
  plan
    .option('--json', 'print one JSON object')
    .action(async (options: LiveOptions, self: Command) => {
      const { printPlan } = await import('./acma/plan.ts');
      process.stdout.write(await printPlan(options, self));
    });
}

function addSimulate(parent: Command): void {
  parent
    .command('simulate')
    .argument('<scenario>', 'a simulated guest: YAML with an "acma" part')
    .summary('scale a simulated guest, much faster than real time')
    .description(
      'Scales a simulated guest to the end of its scenario and says what came of it. No memory of ' +
        'this computer is watched or touched.',
    )
    .option('--every <duration>', 'print a line so often', durationValue('--every'), 10_000_000)
    .option('--json', 'print one object a line, the last with the figures of the run')
    .action(async (file: string, options: PlayOptions) => {
      const { printSimulation } = await import('./acma/simulate.ts');
      process.exitCode = await printSimulation(file, options);
    });
}

function addLive(parent: Command, mode: AcmaMode, summary: string): void {
  const live = parent
    .command(mode)
    .summary(summary)
    .description(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`);
  addSubject(live);
  live
    .addOption(
      new Option('--every <duration>', 'print a line so often')
        .argParser(durationValue('--every'))
        .default(1_000_000, '1s'),
    )
    .option('--for <duration>', 'end after this time', durationValue('--for'))
    .option('--json', 'print one object a line')
    .action(async (options: LiveOptions, self: Command) => {
      const { runAcma } = await import('./acma/run.ts');
      process.exitCode = await runAcma(mode, options, self);
    });
}

function addStatus(parent: Command): void {
  parent
    .command('status')
    .summary('show the runs of acma and how they are doing')
    .description('Shows the runs of acma and how they are doing. Changes nothing.')
    .option('--json', 'print one object')
    .action(async ({ json }: { readonly json?: true }) => {
      const { printAcmaStatus } = await import('./acma/status.ts');
      process.stdout.write(await printAcmaStatus(json === true));
    });
}

function addPower(parent: Command): void {
  const power = parent
    .command('power')
    .summary('report which memory could be powered down; nothing is taken offline')
    .description(
      'Reports which memory blocks of this machine could be powered down, and how much would have ' +
        'to be moved for that. Takes nothing offline.',
    )
    .option('--json', 'print one JSON object')
    .action(async ({ json }: { readonly json?: true }, self: Command) => {
      const { printPower } = await import('./acma/power.ts');
      process.stdout.write(printPower(json === true, self));
    });
  power
    .command('simulate')
    .argument('<scenario>', 'a simulated machine: YAML with an "acma" part')
    .summary('empty the banks of a simulated machine')
    .description(
      'Empties banks of a simulated machine while its programs get on without them, and says which ' +
        'are fit to be powered down. No memory of this computer is watched or touched.',
    )
    .addOption(
      new Option('--bank <bytes>', 'size of a bank: whole windows of 128 MiB')
        .argParser((text) => parseBytes(text, '--bank'))
        .default(2 ** 30, '1 GiB'),
    )
    .option('--every <duration>', 'print a line so often', durationValue('--every'), 10_000_000)
    .option('--json', 'print one object a line, the last with the figures of the run')
    .action(async (file: string, _own: SimulatePowerOptions, self: Command) => {
      const { printPowerSimulation } = await import('./acma/power.ts');
      // `power` has an option --json as well, and would get it.
      const options = self.optsWithGlobals<SimulatePowerOptions>();
      process.exitCode = await printPowerSimulation(file, options);
    });
}
