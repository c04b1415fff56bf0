import type { Command } from 'commander';
import { exactJson } from '../base/exact-json.ts';
import type { PlanView } from '../client/api-types.ts';
import { readNamedFile } from './named-file.ts';
import { SOCKET_OPTION, serviceClient } from './service-connection.ts';

interface ApplyOptions {
  readonly plan?: true;
  readonly socket?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('apply')
    .summary('make the monitors of a service those of a configuration')
    .description(
      'Compares a configuration with the monitors that the service has from one, and makes, changes ' +
        'and removes what differs. Monitors that were made in another way are left alone.',
    )
    .argument('<file>', 'the configuration, such as thermocline.yaml')
    .option('--plan', 'only say what would be done')
    .option(...SOCKET_OPTION)
    .option('--json', 'print the plan as JSON')
    .addHelpText('after', '\nExample:\n  $ thermocline apply thermocline.yaml --plan')
    .action(async (file: string, options: ApplyOptions) => {
      const { parseConfigData } = await import('../service/desired-state.ts');
      const config = parseConfigData(readNamedFile(file, 'The configuration'), file);
      const client = serviceClient(options.socket);
      const plan = await client.plan(config);
      if (options.plan === undefined) await client.applyPlan(plan.id);
      process.stdout.write(
        options.json ? `${exactJson(plan)}\n` : planText(plan, options.plan === true),
      );
    });
}

function planText({ changes }: PlanView, isPlan: boolean): string {
  if (changes.length === 0) return 'Nothing has to change.\n';
  const head = isPlan ? 'This would be done:' : 'This was done:';
  const lines = changes.flatMap(({ monitor, action, details }) => [
    `${action} ${monitor}`,
    ...details.map((detail) => `  ${detail}`),
  ]);
  return `${[head, ...lines].join('\n')}\n`;
}
