/** A policy's knobs as options of the command line. */
import { type Command, Option } from 'commander';
import { ThermoclineError } from '../../base/errors.ts';
import { parseBytes, parseDuration } from '../../base/units.ts';
import { knobText } from '../../policies/explain.ts';
import type { KnobSpec, Knobs, Policy } from '../../policies/policy.ts';

/** All that these options need of a policy. */
type KnobTable<K extends Knobs> = Pick<Policy<K>, 'knobs'>;

const PLACEHOLDERS = { duration: '<duration>', 'byte-rate': '<bytes>', share: '<percent>' };

/** One option for each knob. */
export function addKnobOptions<K extends Knobs>(command: Command, policy: KnobTable<K>): void {
  for (const spec of Object.values<KnobSpec>(policy.knobs)) {
    const option = new Option(`--${spec.flag} ${PLACEHOLDERS[spec.kind]}`, spec.meaning);
    command.addOption(
      option
        .argParser((text) => parseKnob(spec, text))
        .default(spec.preset, knobText(spec, spec.preset)),
    );
  }
}

/** The knobs as the command line has them. */
export function knobsOf<K extends Knobs>(
  policy: KnobTable<K>,
  options: Readonly<Record<string, unknown>>,
): K {
  const entries = Object.entries<KnobSpec>(policy.knobs);
  return Object.fromEntries(entries.map(([name, { flag }]) => [name, options[camel(flag)]])) as K;
}

/** What commander makes of a flag. */
function camel(flag: string): string {
  return flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** A knob's value as people write it, within what it takes. */
export function parseKnob(spec: KnobSpec, text: string): number {
  const flag = `--${spec.flag}`;
  const value = {
    duration: () => parseDuration(text, flag),
    'byte-rate': () => parseBytes(text.replace(/\/s$/, ''), flag),
    share: () => parsePercent(text, flag),
  }[spec.kind]();
  if (value >= spec.min && value <= spec.max) return value;
  throw new ThermoclineError(
    'TC_INVALID',
    `${flag} is "${text}"; write something from ${knobText(spec, spec.min)} to ${knobText(spec, spec.max)}.`,
  );
}

/** A share from 0 to 1 out of `0.1%`. */
export function parsePercent(text: string, flag: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(text);
  if (match !== null) return Number(match[1]) / 100;
  throw new ThermoclineError('TC_INVALID', `${flag} is "${text}"; write a percentage, like 0.1%.`);
}
