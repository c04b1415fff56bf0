/**
 * All suites in guests, those on request included, one after the other, by hand:
 *
 *     node test/nightly/guests.ts [--kill-rounds 5] [PATTERN]
 *
 * Then the suites that end runs by SIGKILL, so many times over. With a pattern, only suites whose
 * name has it. Takes about an hour on two cores; what each says is printed as it comes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { outsideSuites } from '../guest/jobs.ts';
import { readTally, sumOf, type Tally, tallyLine } from '../tally.ts';

const guests = path.join(import.meta.dirname, '../guest');
/** Suites of which each run is killed at a moment of its own. */
const killed = ['killed'];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'kill-rounds': { type: 'string', default: '5' } },
});

/** Runs one suite on all of its kernels. */
async function run(suite: string): Promise<Tally> {
  // The blank keeps out suites whose name only begins so.
  const program = ['--disable-warning=ExperimentalWarning', path.join(guests, 'main.ts')];
  const child = spawn(process.execPath, [...program, `${suite} on `], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    process.stdout.write(text);
  });
  await once(child, 'close');
  return readTally(printed) ?? { passed: 0, failed: 1, skipped: 0 };
}

const all = globSync('*.guest.ts', { cwd: guests })
  .map((file) => file.replace('.guest.ts', ''))
  .sort();
const outside = outsideSuites.map(({ name }) => name);
const suites = [...outside, ...all].filter((name) =>
  positionals.every((part) => name.includes(part)),
);
const again = Array(Number(values['kill-rounds'])).fill(killed).flat() as string[];
const rounds = again.filter((name) => suites.includes(name));
const tallies = new Map<string, Tally>();
for (const [nr, suite] of [...suites, ...rounds].entries()) {
  const name = nr < suites.length ? suite : `${suite}, round ${nr - suites.length + 1}`;
  tallies.set(name, await run(suite));
}
console.log();
for (const [name, tally] of tallies) console.log(`${tallyLine(tally)}: ${name}`);
const sum = sumOf([...tallies.values()]);
console.log(tallyLine(sum));
process.exitCode = sum.failed === 0 ? 0 : 1;
