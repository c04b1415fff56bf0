import type { GuestController } from '../../src/control/acma/plant-run.ts';
import type { Scenario } from '../../src/host/sim/index.ts';
import { literal } from './literal.ts';
import { orchestrated } from './orchestrated.ts';
import { senpai } from './senpai.ts';

/** As in the rows of the report. */
export type ControllerName = 'literal' | 'orchestrated' | 'senpai' | 'thermocline';

const MAKERS: Partial<Record<ControllerName, (scenario: Scenario) => GuestController>> = {
  literal,
  orchestrated,
  senpai,
};

export const CONTROLLERS: readonly ControllerName[] = Object.keys(MAKERS) as ControllerName[];

/** A fresh controller for one run. */
export function makeController(name: ControllerName, scenario: Scenario): GuestController {
  return MAKERS[name]!(scenario);
}
