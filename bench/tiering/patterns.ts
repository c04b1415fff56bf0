import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseScenario, type Scenario } from '../../src/host/sim/index.ts';

const folder = path.join(import.meta.dirname, 'patterns');

/** A scenario under its name. */
export interface Pattern {
  readonly name: string;
  readonly scenario: Scenario;
}

/** All patterns of the suite, by name. */
export function suitePatterns(): Pattern[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return files.sort().map((name) => patternOf(path.join(folder, name)));
}

/** The pattern in a scenario file; masim files that it names are beside it. */
export function patternOf(file: string): Pattern {
  const read = (name: string) => readFileSync(path.join(path.dirname(file), name), 'utf8');
  const scenario = parseScenario(readFileSync(file, 'utf8'), file, read);
  return { name: path.basename(file).replace(/\.ya?ml$/, ''), scenario };
}
