/**
 * How much faster than real time a simulated machine of 1 TiB is watched: virtual over wall time.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { formatBytes } from '../src/base/units.ts';
import { parseScenario } from '../src/host/sim/index.ts';
import { Simulation } from '../src/monitor/simulation.ts';
import { DEFAULT_ATTRS } from '../src/params/defaults.ts';
import type { Params } from '../src/params/types.ts';
import { type Bench, formatFigure, median } from './harness.ts';

const file = path.join(import.meta.dirname, '../examples/scenarios/terabyte.yaml');
const nrRegions = 1000;
const warmUpUs = 2_000_000;
const roundUs = 20_000_000;
const rounds = 5;

/** All processes of the scenario, with as many regions at all times as DAMON takes at most. */
function paramsFor(pids: readonly number[]): Params {
  return {
    operations: 'vaddr',
    addrUnit: 1,
    minRegionSize: 4096,
    attrs: { ...DEFAULT_ATTRS, minNrRegions: nrRegions, maxNrRegions: nrRegions },
    targets: pids.map((pid) => ({ pid, regions: [], obsolete: false })),
    probes: [],
    schemes: [],
    paused: false,
  };
}

const bench: Bench = {
  about: 'a simulated machine watched on a virtual clock, virtual time over wall time',
  async run(progress) {
    const scenario = parseScenario(readFileSync(file, 'utf8'), 'terabyte.yaml');
    const params = paramsFor(scenario.processes.map(({ pid }) => pid));
    const simulation = new Simulation({ scenario, params });
    simulation.runFor(warmUpUs);
    const wallUs: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      progress(`sim: round ${round} of ${rounds}`);
      const begin = performance.now();
      simulation.runFor(roundUs);
      wallUs.push((performance.now() - begin) * 1000);
    }
    const memoryBytes = scenario.nodes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const regions = simulation.snapshot().nrRegions;
    const { sampleIntervalUs } = params.attrs;
    const speed = roundUs / median(wallUs);
    const nsPerRegion = (sampleIntervalUs * 1000) / speed / regions;
    return {
      json: { memoryBytes, regions, sampleIntervalUs, virtualOverWall: speed, nsPerRegion },
      table: [
        ['machine', 'regions', 'sampling', 'ns a region and tick', 'virtual / wall'],
        [
          formatBytes(memoryBytes),
          String(regions),
          `${sampleIntervalUs / 1000} ms`,
          formatFigure(nsPerRegion),
          `${formatFigure(speed)}x`,
        ],
      ],
      notes: [`Median of ${rounds} rounds of ${roundUs / 1e6} virtual seconds.`],
    };
  },
};

export default bench;
