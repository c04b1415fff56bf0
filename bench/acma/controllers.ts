import type { GuestController } from '../../src/control/acma/plant-run.ts';
import { controlSimulatedGuest } from '../../src/control/acma/simulated-control.ts';
import type { Scenario } from '../../src/host/sim/index.ts';
import { literal } from './literal.ts';
import { orchestrated } from './orchestrated.ts';
import { senpai } from './senpai.ts';

/** As in the rows of the report. */
export type ControllerName = 'literal' | 'orchestrated' | 'senpai' | 'thermocline';

const MAKERS: Record<ControllerName, (scenario: Scenario) => GuestController> = {
  literal,
  orchestrated,
  senpai,
  thermocline: (scenario) => controlSimulatedGuest(scenario, () => scenario.acma!),
};

export const CONTROLLERS: readonly ControllerName[] = Object.keys(MAKERS) as ControllerName[];

/** A fresh controller for one run. */
export function makeController(name: ControllerName, scenario: Scenario): GuestController {
  return MAKERS[name](scenario);
}
