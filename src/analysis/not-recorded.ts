import { ThermoclineError } from '../base/errors.ts';

/** The error of a question that a recording has no answer to. */
export function notRecorded(what: string): ThermoclineError {
  return new ThermoclineError(
    'TC_INVALID',
    `The recording doesn't tell ${what}, which this needs; without filters, report info, wss, ` +
      'regions, heatmap and snapshot can read it.',
  );
}
