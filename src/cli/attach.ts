import { type Command, Option } from 'commander';
import { SOCKET_OPTION, serviceClient } from './service-connection.ts';
import { safeText } from './terminal/line.ts';
import { formatTable } from './terminal/table.ts';
import { durationValue } from './watch/option-values.ts';

interface AttachOptions {
  readonly socket?: string;
  readonly every: number;
  readonly for?: number;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('attach')
    .summary('show a monitor of a running service, as watch does')
    .description(
      'Shows a monitor that a service owns, live. It goes on when you leave. Without a name, lists ' +
        'the monitors that there are.',
    )
    .argument('[name]', 'of the monitor')
    .option(...SOCKET_OPTION)
    .addOption(
      new Option('--every <duration>', 'draw or print so often')
        .argParser(durationValue('--every'))
        .default(1_000_000, '1s'),
    )
    .option('--for <duration>', 'end after this time', durationValue('--for'))
    .option('--json', 'print one snapshot a line')
    .addHelpText('after', '\nExamples:\n  $ thermocline attach\n  $ thermocline attach db')
    .action(async (name: string | undefined, options: AttachOptions) => {
      if (name === undefined) await listMonitors(options);
      else process.exitCode = await attach(name, options);
    });
}

async function attach(name: string, options: AttachOptions): Promise<number> {
  const { ServiceMonitor } = await import('./attach/service-monitor.ts');
  const { Interruption } = await import('./interruption.ts');
  const { isLiveTerminal, jsonOutput, liveOutput, plainOutput } = await import('./watch/output.ts');
  const { runWatch } = await import('./watch/run.ts');
  using interruption = new Interruption();
  await using monitor = await ServiceMonitor.attach(serviceClient(options.socket), name);
  const textOutput = () => (isLiveTerminal() ? liveOutput(interruption) : plainOutput());
  using output = options.json ? jsonOutput() : textOutput();
  return await runWatch({
    subject: `monitor ${name}`,
    mode: 'owned by the service',
    schemes: monitor.params.schemes,
    monitor,
    output,
    interruption,
    child: null,
    session: null,
    everyUs: options.every,
    forUs: options.for ?? null,
  });
}

async function listMonitors({ socket, json }: AttachOptions): Promise<void> {
  const monitors = await serviceClient(socket).monitors();
  const lines = json
    ? [JSON.stringify({ monitors })]
    : formatTable(monitors, [
        { heading: 'NAME', text: ({ name }) => name },
        { heading: 'STATE', text: ({ state }) => state },
        { heading: 'BY', text: ({ operationsSet }) => operationsSet },
        { heading: 'SCHEMES', text: ({ act }) => act },
        { heading: 'FROM', text: ({ origin }) => origin },
        { heading: 'NOTE', text: ({ message }) => safeText(message) },
      ]);
  process.stdout.write(`${lines.join('\n')}\n`);
}
