import type { Command } from 'commander';
import { ThermoclineError } from '../base/errors.ts';
import type { Syscalls } from '../host/linux/syscalls.ts';
import { rootsOf } from './roots.ts';

/** Adds `thermocline doctor`. */
export function register(program: Command): void {
  program
    .command('doctor')
    .summary('say what this machine can do, and why not the rest')
    .description(
      'Says what this machine can do for watching, acting and tuning, what is missing and why, who ' +
        'else deals with memory here, and whether anything was left behind. Changes nothing.',
    )
    .option('--json', 'print JSON: groups of checks, each with a name, a status and a sentence')
    .addHelpText('after', '\nExample:\n  $ thermocline doctor')
    .action(async (options: { json?: true }, command: Command) => {
      const { examine } = await import('../control/diagnosis/examine.ts');
      const { stateFolderPath } = await import('../control/state-folder.ts');
      const diagnosis = examine({
        roots: rootsOf(command),
        stateDir: stateFolderPath(),
        syscalls: await syscallsOrWhyNot(),
      });
      const columns = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
      const text = options.json
        ? JSON.stringify(diagnosis, null, 2)
        : (await import('./doctor/report.ts')).formatDiagnosis(diagnosis, columns);
      process.stdout.write(`${text}\n`);
    });
}

async function syscallsOrWhyNot(): Promise<Syscalls | string> {
  const { loadSyscalls } = await import('../host/linux/syscalls-koffi.ts');
  try {
    return await loadSyscalls();
  } catch (error) {
    if (error instanceof ThermoclineError) return error.message;
    throw error;
  }
}
