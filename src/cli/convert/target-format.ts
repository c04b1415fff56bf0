import { ThermoclineError } from '../../base/errors.ts';

/** What can be written. */
export const TARGET_FORMATS = [
  'tcr',
  'damo-json',
  'damo-json-compressed',
  'perf-script',
  'parquet',
  'csv',
] as const;
export type TargetFormat = (typeof TARGET_FORMATS)[number];

const ENDINGS: readonly [ending: string, format: TargetFormat][] = [
  ['.tcr', 'tcr'],
  ['.json', 'damo-json'],
  ['.json.z', 'damo-json-compressed'],
  ['.data', 'damo-json-compressed'],
  ['.txt', 'perf-script'],
  ['.script', 'perf-script'],
  ['.perf', 'perf-script'],
  ['.parquet', 'parquet'],
  ['.csv', 'csv'],
];

/**
 * The format that a file's name asks for.
 * @throws ThermoclineError TC_INVALID when it asks for none
 */
export function formatOfName(name: string): TargetFormat {
  const found = ENDINGS.find(([ending]) => name.toLowerCase().endsWith(ending));
  if (found) return found[1];
  throw new ThermoclineError(
    'TC_INVALID',
    `The name ${name} does not say what to write; add --to with one of ${TARGET_FORMATS.join(', ')}.`,
  );
}
