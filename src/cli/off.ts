import type { Command } from 'commander';
import { ThermoclineError } from '../base/errors.ts';
import { formatDuration, parseDuration } from '../base/units.ts';

interface OffOptions {
  readonly undo?: true;
  readonly wait: string;
}

/** Adds `thermocline off`. */
export function register(program: Command): void {
  program
    .command('off')
    .summary('stop everything that acts, at once')
    .description(
      'Stops every run of yours that acts, and keeps new ones from starting, until it is undone. ' +
        'Returns once each of them has put back what it had changed. What only watches goes on.',
    )
    .option('--undo', 'allow acting again')
    .option('--wait <duration>', 'how long to wait for what acts', '10s')
    .addHelpText('after', '\nExample:\n  $ thermocline off\n  $ thermocline off --undo')
    .action(async ({ undo, wait }: OffOptions) => {
      const waitUs = parseDuration(wait, '--wait');
      const { OffSwitch } = await import('../control/off-switch.ts');
      const { openStateFolder, stateFolderPath } = await import('../control/state-folder.ts');
      const { stateFolders } = await import('../control/state-folders.ts');
      const offSwitch = new OffSwitch(openStateFolder(stateFolderPath()));
      if (undo) {
        offSwitch.lift();
        process.stdout.write('Acting is allowed again.\n');
        return;
      }
      offSwitch.turnOff();
      const [, ...elsewhere] = stateFolders();
      const acting = await offSwitch.waitUntilQuiet(waitUs / 1000, elsewhere);
      if (acting.length > 0) {
        const who = acting.map(({ pid, description }) => `process ${pid} (${description})`);
        throw new ThermoclineError(
          'TC_BUSY',
          `Acting is switched off, but after ${formatDuration(waitUs)} these have not stopped: ` +
            `${who.join(', ')}. End them; their guards put back what they have changed.`,
        );
      }
      process.stdout.write(
        `Nothing acts, and nothing will until "thermocline off --undo" (${offSwitch.file}).\n`,
      );
    });
}
