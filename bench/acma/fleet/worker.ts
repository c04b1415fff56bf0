import { serveJobs } from '../../workers.ts';
import { readFleet } from './fleet.ts';
import { type FleetFigures, runFleet, type Setting } from './run-fleet.ts';

serveJobs((setting: Setting): FleetFigures => runFleet(readFleet(), setting));
