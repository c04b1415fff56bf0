/** Memory auto-scaling: every plant under every controller, each run in a worker thread. */
import path from 'node:path';
import { formatShare } from '../../src/base/units.ts';
import type { PlantFigures } from '../../src/control/acma/plant-figures.ts';
import type { Bench } from '../harness.ts';
import { scenarioFiles, scenarioName } from '../scenario-files.ts';
import { runJobs } from '../workers.ts';
import { CONTROLLERS, type ControllerName } from './controllers.ts';
import type { PlantJob } from './worker.ts';

const folder = path.join(import.meta.dirname, 'plants');

/** Seconds until pressure is back under the limit, and shares of time, size and moves. */
const AIMS = {
  recoverySeconds: 5,
  overLimitShare: 0.08,
  settledOverheadShare: 0.05,
  pingPongShare: 0.01,
};

interface Row extends PlantFigures {
  readonly plant: string;
  readonly controller: ControllerName;
}

const bench: Bench = {
  about: 'memory of simulated guests scaled by four controllers',
  async run(progress, { file }) {
    const jobs = scenarioFiles(file, folder).flatMap((plant) =>
      CONTROLLERS.map((controller): PlantJob => ({ file: plant, controller })),
    );
    const results = await runJobs<PlantJob, PlantFigures>(
      new URL('./worker.ts', import.meta.url),
      jobs,
      (_done, job, figures) => progress(cells(rowOf(job, figures)).join('  ')),
    );
    const rows = jobs.map((job, index) => rowOf(job, results[index]!));
    return {
      json: { rows },
      table: [
        ['plant', 'controller', 'recovery', 'over limit', 'overhead', 'ping-pong', 'GiB hours'],
        ...rows.map(cells),
      ],
      notes: notes(rows),
    };
  },
};

export default bench;

function rowOf({ file, controller }: PlantJob, figures: PlantFigures): Row {
  return { plant: scenarioName(file), controller, ...figures };
}

function cells(row: Row): string[] {
  const overhead = row.settledOverheadShare;
  return [
    row.plant,
    row.controller,
    `${row.recoverySeconds} s`,
    formatShare(row.overLimitShare),
    overhead === null ? '-' : formatShare(overhead),
    formatShare(row.pingPongShare),
    row.gibHours.toFixed(2),
  ];
}

/** What each figure is, and where the aims for our controller are missed. */
function notes(rows: readonly Row[]): string[] {
  const ours = rows.filter(({ controller }) => controller === 'thermocline');
  const misses = ours.flatMap((row) =>
    Object.entries(AIMS)
      .filter(([name]) => name !== 'overLimitShare')
      .filter(([name, aim]) => (row[name as keyof typeof AIMS] ?? 0) > aim)
      .map(
        ([name, aim]) =>
          `Missed: ${row.plant}, ${name} ${row[name as keyof typeof AIMS]} > ${aim}.`,
      ),
  );
  const mean = (name: 'overLimitShare' | 'gibHours', controller: ControllerName) => {
    const values = rows.filter((row) => row.controller === controller).map((row) => row[name]);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return [
    'Recovery: the longest time over the limit. Over limit: share of seconds. Overhead: billed beyond',
    'working set and headroom once settled. Ping-pong: share of bytes that came back within a minute.',
    ...CONTROLLERS.map(
      (name) =>
        `${name}: over the limit in ${formatShare(mean('overLimitShare', name))} of all seconds, ` +
        `${mean('gibHours', name).toFixed(3)} GiB hours a plant.`,
    ),
    ...misses,
  ];
}
