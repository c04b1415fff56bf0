import type { Command } from 'commander';
import { paramsJsonSchema } from '../params/json-schema.ts';

export function register(program: Command): void {
  program
    .command('schema')
    .summary('print the JSON Schema of parameter files')
    .description('Prints the JSON Schema of parameter files, for editors and other programs.')
    .addHelpText('after', '\nExample:\n  $ thermocline schema > params.schema.json')
    .action(() => {
      process.stdout.write(`${JSON.stringify(paramsJsonSchema(), null, 2)}\n`);
    });
}
