import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { firstDifference } from './compare.ts';
import type { Scenario } from './format.ts';
import { replay } from './trajectory.ts';
import { checkUnitCases } from './unit-checks.ts';

/** Every vector file below a folder: those in folders called `trajectories` or `unit`. */
function vectorFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name))
    .filter((file) => ['trajectories', 'unit'].includes(basename(dirname(file))))
    .sort();
}

interface Trajectory {
  scenario: Scenario;
  aggregations: unknown[];
}

/** The first difference, as a sentence; null when the file passes. */
function checkTrajectory({ scenario, aggregations }: Trajectory): string | null {
  if (scenario.run !== aggregations.length) {
    return `it holds ${aggregations.length} aggregations, but its scenario runs for ${scenario.run}`;
  }
  let index = 0;
  for (const record of replay(scenario)) {
    const found = firstDifference(aggregations[index], record);
    if (found !== null) {
      const { path, expected, got } = found;
      return `aggregation ${index}, ${path}: expected ${expected}, got ${got}`;
    }
    index += 1;
  }
  return null;
}

export function checkFile(file: string): string | null {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (Array.isArray(content)) return checkUnitCases(content);
    return checkTrajectory(content as Trajectory);
  } catch (error) {
    const what = error instanceof SyntaxError ? 'is not whole JSON' : 'can not be replayed';
    return `it ${what}: ${(error as Error).message}`;
  }
}

function main(folders: string[]): number {
  if (folders.length === 0) {
    console.error(
      'conformance: name at least one folder with vectors, like test/conformance/vectors.',
    );
    return 2;
  }
  let nrPassed = 0;
  let nrFailed = 0;
  for (const folder of folders) {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      console.error(`conformance: there is no folder "${folder}".`);
      return 2;
    }
    for (const file of vectorFiles(folder)) {
      const problem = checkFile(file);
      if (problem === null) {
        nrPassed += 1;
        continue;
      }
      nrFailed += 1;
      console.log(`${file}: ${problem}`);
    }
  }
  console.log(`${nrPassed} passed, ${nrFailed} failed`);
  return nrFailed > 0 || nrPassed === 0 ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
