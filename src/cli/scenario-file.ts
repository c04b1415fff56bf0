import { dirname, resolve } from 'node:path';
import { parseScenario, type Scenario } from '../host/sim/index.ts';
import { readNamedFile } from './named-file.ts';

/** Reads a scenario file; masim files that it names lie beside it. */
export function readScenario(file: string): Scenario {
  const text = readNamedFile(file, 'The scenario');
  const folder = dirname(file);
  return parseScenario(text, file, (masim) =>
    readNamedFile(resolve(folder, masim), `The masim file of ${file}`),
  );
}
