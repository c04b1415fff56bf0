/** The three knobs on the command line. */
import { type Command, Option } from 'commander';
import { ThermoclineError } from '../../base/errors.ts';
import { formatBytes, parseBytes } from '../../base/units.ts';
import { type AcmaKnobs, BLOCK_BYTES } from '../../policies/acma/observation.ts';
import { parsePercent } from '../policy/knob-options.ts';

/** As commander hands them over. */
export interface KnobOptions {
  readonly min: number;
  readonly max: number;
  /** A share from 0 to 1. */
  readonly pressure: number;
}

/** Adds `--min`, `--max` and `--pressure`. */
export function addKnobs(command: Command): void {
  command
    .addOption(sizeOption('--min <bytes>', 'the least memory that it is left with'))
    .addOption(sizeOption('--max <bytes>', 'the most memory that it gets'))
    .addOption(
      new Option('--pressure <percent>', 'share of time that may be lost to a lack of memory')
        .argParser((text) => parsePercent(text, '--pressure'))
        .default(0.001, '0.1%'),
    );
}

function sizeOption(flags: string, meaning: string): Option {
  const flag = flags.split(' ')[0]!;
  return new Option(flags, meaning)
    .argParser((text) => parseBytes(text, flag))
    .makeOptionMandatory();
}

/** Throws TC_INVALID for knobs that leave nothing to do. */
export function acmaKnobs({ min, max, pressure }: KnobOptions): AcmaKnobs {
  if (min > max) {
    throw new ThermoclineError(
      'TC_INVALID',
      `--min ${formatBytes(min)} is above --max ${formatBytes(max)}; swap them.`,
    );
  }
  if (max < BLOCK_BYTES) {
    throw new ThermoclineError(
      'TC_INVALID',
      `--max is ${formatBytes(max)}; memory is scaled in blocks of ${formatBytes(BLOCK_BYTES)}, so name more.`,
    );
  }
  if (!(pressure > 0 && pressure <= 1)) {
    throw new ThermoclineError(
      'TC_INVALID',
      '--pressure has to be above 0 and up to 100%, like 0.1%.',
    );
  }
  return { minBytes: min, maxBytes: max, pressureShare: pressure };
}
