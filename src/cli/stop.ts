import type { Command } from 'commander';
import { slotValue } from './tune.ts';

/** Adds `thermocline stop`. */
export function register(program: Command): void {
  program
    .command('stop')
    .summary('stop what start has started')
    .description(
      'Ends what `thermocline start` runs, all of it or that of one slot, and what processes of ours ' +
        "left in the kernel that have gone. What others run in the kernel's DAMON is never touched.",
    )
    .argument('[slot]', 'as status lists it; this one may also be of watch or record', slotValue)
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExamples:\n  $ thermocline stop\n  $ thermocline stop 2')
    .action(async (slot: number | undefined, { json }: { json?: true }, command: Command) => {
      const { rootsOf } = await import('./roots.ts');
      const { runStop } = await import('./kernel/run-stop.ts');
      await runStop(slot ?? null, rootsOf(command), json === true);
    });
}
