import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ThermoclineError } from '../base/errors.ts';
import { rootsOf } from './roots.ts';

/** Adds `thermocline restore`. */
export function register(program: Command): void {
  program
    .command('restore')
    .summary('put back what an interrupted session had changed')
    .description(
      'Puts back what runs had changed that ended before they could do so themselves, and whose ' +
        'guards ended, too. Leaves alone what still acts. Running it twice does no harm.',
    )
    .addHelpText('after', '\nExample:\n  $ thermocline restore')
    .action(async (_options: object, command: Command) => {
      const { stateFolders } = await import('../control/state-folders.ts');
      const { restoreAbandoned } = await import('../control/runs.ts');
      const { safeText } = await import('./terminal/line.ts');
      const roots = rootsOf(command);
      const done: string[] = [];
      const failed: string[] = [];
      for (const stateDir of stateFolders()) {
        const report = await restoreAbandoned(stateDir, roots);
        done.push(...report.done);
        failed.push(...report.failed);
        // Slots have records of their own, which outlive a journal that was removed.
        if (!existsSync(join(stateDir, 'kernel'))) continue;
        const { sweepKernelSlots } = await import('../monitor/kernel-slots.ts');
        const problem = await sweepKernelSlots(roots, stateDir);
        if (problem !== null) failed.push(problem);
      }
      for (const sentence of done) process.stdout.write(`${safeText(sentence)}\n`);
      if (failed.length > 0) throw new ThermoclineError('TC_SYSTEM', safeText(failed.join(' ')));
      if (done.length === 0) process.stdout.write('Nothing was left behind.\n');
    });
}
