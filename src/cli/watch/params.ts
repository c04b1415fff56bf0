import { parse } from 'yaml';
import type { Scenario } from '../../host/sim/index.ts';
import * as subject from '../../monitor/subject-params.ts';
import { parseParamsText } from '../../params/parse.ts';
import type { Params } from '../../params/types.ts';
import { readNamedFile } from '../named-file.ts';

/**
 * Parameters for watching processes: those of the file, whose targets give way to the processes
 * that the command line names. Reads and checks the file at once.
 */
export function processParams(file: string | undefined): (pids: readonly number[]) => Params {
  return subject.processParams(writtenIn(file), file ?? '--params');
}

/** Parameters for a simulated machine: those of the file, or its processes and nothing to do. */
export function scenarioParams(scenario: Scenario, file: string | undefined): Params {
  return subject.scenarioParams(scenario, writtenIn(file), file ?? 'defaults');
}

/** What the file says, as plain data. */
function writtenIn(file: string | undefined): unknown {
  if (file === undefined) return undefined;
  const text = readNamedFile(file, 'The --params file');
  // Names line and column of what is no YAML.
  parseParamsText(text, file);
  return parse(text);
}
