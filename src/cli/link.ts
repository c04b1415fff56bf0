import type { Command } from 'commander';
import { ThermoclineError } from '../base/errors.ts';
import { SOCKET_OPTION, serviceClient } from './service-connection.ts';

export function register(program: Command): void {
  program
    .command('link')
    .summary('print an address to open in a browser, good for one sign-in')
    .description(
      'Asks the service of this state folder for an address that signs one browser in, within ten ' +
        'minutes. The page may then do what the act token may.',
    )
    .option(...SOCKET_OPTION)
    .addHelpText('after', '\nExample:\n  $ thermocline link')
    .action(async ({ socket }: { socket?: string }) => {
      const { url, code } = await serviceClient(socket).newPageLink();
      if (url === null) {
        throw new ThermoclineError(
          'TC_UNSUPPORTED',
          'This service has no port for browsers; start it with --port.',
        );
      }
      process.stdout.write(`${url}/#code=${code}\n`);
    });
}
