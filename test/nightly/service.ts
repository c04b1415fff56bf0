/**
 * The long runs of the service, one after the other, by hand:
 *
 *     node test/nightly/service.ts
 */
import { spawnSync } from 'node:child_process';
import { projectRoot } from '../sources.ts';

const TESTS = ['node_modules/vitest/vitest.mjs', 'run', 'src/service/service.test.ts', '-t'];

/** What it is, how it is run, and what makes the run a whole one. */
const RUNS: readonly (readonly [name: string, words: readonly string[], variable?: string])[] = [
  ['every cut point', [...TESTS, 'cut anywhere'], 'THERMOCLINE_ALL_CUTS'],
  ['an hour at 5 ms / 100 ms', [...TESTS, 'an hour'], 'THERMOCLINE_FULL_HOUR'],
  ['kills', ['test/nightly/kill-service.ts']],
  ['hostile requests', ['test/nightly/hostile-requests.ts']],
];

const failed = RUNS.filter(([name, words, variable]) => {
  console.log(`--- ${name}`);
  const env = { ...process.env, ...(variable !== undefined && { [variable]: '1' }) };
  const { status } = spawnSync(process.execPath, words, {
    cwd: projectRoot,
    env,
    stdio: 'inherit',
  });
  return status !== 0;
});
console.log(`${RUNS.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
