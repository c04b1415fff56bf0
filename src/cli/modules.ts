import type { Command } from 'commander';

const EXAMPLES = `
Durations and sizes may have units. What a module has counted can't be set. Nothing of it is undone:
a module goes on as it was set.

Examples:
  $ thermocline modules
  $ thermocline modules damon_reclaim
  $ thermocline modules damon_reclaim min_age=30s quota_sz=64MiB --dry-run`;

/** Adds `thermocline modules`. */
export function register(program: Command): void {
  program
    .command('modules')
    .summary("show or set the kernel's DAMON modules")
    .description(
      "Shows what the kernel's modules DAMON_STAT, DAMON_RECLAIM and DAMON_LRU_SORT are set to and " +
        'have counted, or sets parameters of one.',
    )
    .argument('[module]', 'damon_stat, damon_reclaim or damon_lru_sort')
    .argument('[settings...]', 'parameters to set, each as name=value')
    .option('--dry-run', 'print the writes and make none')
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(
      async (
        module: string | undefined,
        settings: string[],
        options: { dryRun?: true; json?: true },
        command: Command,
      ) => {
        const { rootsOf } = await import('./roots.ts');
        const { runModules } = await import('./kernel/run-modules.ts');
        await runModules(module ?? null, settings, options, rootsOf(command));
      },
    );
}
