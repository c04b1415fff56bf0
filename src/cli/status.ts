import type { Command } from 'commander';

/** Adds `thermocline status`. */
export function register(program: Command): void {
  program
    .command('status')
    .summary("say what the kernel's DAMON does, and whose it is")
    .description(
      "Lists every slot of the kernel's DAMON, ours or not, and its modules. Only reads; of what " +
        '`thermocline start` runs, its process is asked.',
    )
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ thermocline status')
    .action(async ({ json }: { json?: true }, command: Command) => {
      const { rootsOf } = await import('./roots.ts');
      const { runStatus } = await import('./kernel/run-status.ts');
      await runStatus(rootsOf(command), json === true);
    });
}
