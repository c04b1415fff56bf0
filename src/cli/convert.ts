import { type Command, Option } from 'commander';
import type { ConvertOptions } from './convert/run.ts';
import { TARGET_FORMATS } from './convert/target-format.ts';

const HELP = `
IN is a recording of thermocline or damo: .tcr, damo's compressed or plain JSON, the text of perf
script or trace-cmd, or damo's old binary format. Its bytes say which, not its name; - is standard
input.
OUT's name says what is written, unless --to does:
  .tcr                    tcr, the record of thermocline
  .json                   damo-json
  .json.z, .data          damo-json-compressed, which damo writes itself
  .txt, .script, .perf    perf-script
  .parquet                Parquet, for databases
  .csv                    CSV
OUT may be - for standard output, with --to.

damo's formats have no place for footprints, mappings and events, and perf-script none for
intervals; what is left out is said. docs/record-export.md describes the columns of Parquet and CSV.

Examples:
  $ thermocline convert damon.data server.tcr
  $ thermocline convert server.tcr server.parquet
  $ perf script -i perf.data | thermocline convert - server.tcr
  $ thermocline convert server.tcr shared.tcr --relative-addresses`;

export function register(program: Command): void {
  program
    .command('convert')
    .summary('turn a recording into another format')
    .description('Turns a recording into another format, however large it is.')
    .argument('<in>', 'the recording')
    .argument('<out>', 'the file to write')
    .addOption(new Option('--to <format>', 'what to write').choices(TARGET_FORMATS))
    .option(
      '--relative-addresses',
      'let addresses count from the lowest of each target, for sharing',
    )
    .option('--overwrite', 'replace OUT if it is there')
    .addHelpText('after', HELP)
    .action(async (input: string, output: string, options: ConvertOptions) => {
      const { runConvert } = await import('./convert/run.ts');
      process.exitCode = await runConvert(input, output, options);
    });
}
