import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseScenario, type Scenario } from '../../src/host/sim/index.ts';
import { scenarioFiles, scenarioName } from '../scenario-files.ts';

const folder = path.join(import.meta.dirname, 'patterns');

/** A scenario under its name. */
export interface Pattern {
  readonly name: string;
  readonly scenario: Scenario;
}

/**
 * Patterns by name.
 * @param file a scenario, a folder of them or the name of one in the suite; null: the suite
 */
export function patternsOf(file: string | null): Pattern[] {
  return scenarioFiles(file, folder).map(patternOf);
}

/** The pattern in a scenario file; masim files that it names are beside it. */
function patternOf(file: string): Pattern {
  const read = (name: string) => readFileSync(path.join(path.dirname(file), name), 'utf8');
  const scenario = parseScenario(readFileSync(file, 'utf8'), file, read);
  return { name: scenarioName(file), scenario };
}
