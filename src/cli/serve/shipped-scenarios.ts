/** Simulated machines that come with Thermocline. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ThermoclineError } from '../../base/errors.ts';
import type { MonitorOrigin } from '../../client/api-types.ts';
import type { Scenario } from '../../host/sim/index.ts';
import { readScenario } from '../scenario-file.ts';

const FOLDER: string = fileURLToPath(new URL('../../../examples/scenarios', import.meta.url));

/** Their names, as the API takes them. */
export function shippedScenarios(): string[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
  return names.map((name) => name.slice(0, -'.yaml'.length)).sort();
}

/**
 * A simulated machine by its name. The command line and the configuration may name files as well;
 * the API may not.
 */
export function findScenario(name: string, origin: MonitorOrigin): Scenario {
  if (shippedScenarios().includes(name)) return readScenario(join(FOLDER, `${name}.yaml`));
  if (origin !== 'api') return readScenario(name);
  throw new ThermoclineError(
    'TC_NOT_FOUND',
    `There is no simulated machine "${name}"; there are ${shippedScenarios().join(', ')}.`,
  );
}
