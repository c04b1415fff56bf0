import { type Command, InvalidArgumentError } from 'commander';

const EXAMPLES = `
Fields are those of parameter files, and values are written as there. What is not named stays as it
runs: counters, quotas, what was learnt of regions.

Examples:
  $ thermocline tune --set schemes[0].quota.sizeBytes=16MiB
  $ thermocline tune 2 --set attrs.sampleIntervalUs=10ms --set attrs.aggregationIntervalUs=200ms
  $ thermocline tune --set schemes[0].pattern.age.min=30s --dry-run`;

interface TuneOptions {
  readonly set: readonly string[];
  readonly dryRun?: true;
  readonly json?: true;
}

/** Adds `thermocline tune`. */
export function register(program: Command): void {
  program
    .command('tune')
    .summary('change what start has started, and only that')
    .description('Changes parameters of what `thermocline start` runs: those that are named.')
    .argument('[slot]', 'as status lists it; may be left out where only one runs', slotValue)
    .requiredOption(
      '--set <field=value>',
      'what to change; may be repeated',
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option('--dry-run', 'say what would change')
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (slot: number | undefined, options: TuneOptions, command: Command) => {
      const { rootsOf } = await import('./roots.ts');
      const { runTune } = await import('./kernel/run-tune.ts');
      await runTune(slot ?? null, options, rootsOf(command));
    });
}

/** A slot on the command line. */
export function slotValue(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write the number of a slot, as "thermocline status" lists them.');
}
