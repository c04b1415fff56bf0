import { readFileSync } from 'node:fs';
import { type PlantFigures, plantFigures } from '../../src/control/acma/plant-figures.ts';
import { runPlant } from '../../src/control/acma/plant-run.ts';
import { parseScenario } from '../../src/host/sim/index.ts';
import { serveJobs } from '../workers.ts';
import { type ControllerName, makeController } from './controllers.ts';

/** One plant under one controller. */
export interface PlantJob {
  readonly file: string;
  readonly controller: ControllerName;
}

serveJobs(({ file, controller }: PlantJob): PlantFigures => {
  const scenario = parseScenario(readFileSync(file, 'utf8'), file);
  const seconds = runPlant(scenario, makeController(controller, scenario));
  return plantFigures(seconds, scenario.acma!);
});
