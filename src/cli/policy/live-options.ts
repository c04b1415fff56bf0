/** The options of whatever runs in real time, in shadow or for real. */
import { type Command, Option } from 'commander';
import { ceilingValue, durationValue } from '../watch/option-values.ts';

/** Adds until when, and what watching may take. */
export function addLiveOptions(command: Command): void {
  command
    .option('--for <duration>', 'end after this time', durationValue('--for'))
    .addOption(
      new Option('--handover <module>', 'switch this module off while the kernel is used').choices([
        'damon_stat',
      ]),
    )
    .option(
      '--ceiling <percent>',
      'share of one CPU that watching may cost (default: 1)',
      ceilingValue,
    );
}
