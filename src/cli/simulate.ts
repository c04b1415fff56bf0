import type { Command } from 'commander';
import { ThermoclineError } from '../base/errors.ts';
import { exactJson } from '../base/exact-json.ts';
import { formatDuration, parseDuration } from '../base/units.ts';
import { Interruption } from './interruption.ts';
import { readScenario } from './scenario-file.ts';
import { resultLines, resultObject } from './simulate/result.ts';
import { runSimulation } from './simulate/run.ts';
import { ProgressLine } from './terminal/progress.ts';
import { scenarioParams } from './watch/params.ts';

interface SimulateOptions {
  readonly params?: string;
  readonly seed?: number;
  readonly until?: number;
  readonly json?: true;
}

const EXAMPLES = `
With the same scenario, parameters and seed, --json prints the same bytes each time.

Examples:
  $ thermocline simulate examples/scenarios/demo.yaml
  $ thermocline simulate machine.yaml --params reclaim.yaml --until 10m --json`;

export function register(program: Command): void {
  program
    .command('simulate')
    .summary('try monitoring and schemes on a simulated machine')
    .description(
      'Runs a simulated machine, a monitor and its schemes, much faster than real time, and says ' +
        'what came of it. No memory of this computer is watched or touched.',
    )
    .argument('<scenario>', 'the machine and what runs on it, YAML')
    .option('--params <file>', 'attributes and schemes, YAML or JSON')
    .option('--seed <number>', "seed of all draws (else the scenario's)", parseSeed)
    .option('--until <duration>', "how long to run (else the scenario's)", (text) =>
      parseDuration(text, '--until'),
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: SimulateOptions) => {
      process.exitCode = await simulate(file, options);
    });
}

async function simulate(file: string, options: SimulateOptions): Promise<number> {
  const read = readScenario(file);
  const scenario = { ...read, seed: options.seed ?? read.seed };
  const params = scenarioParams(scenario, options.params);
  const durationUs = options.until ?? scenario.durationUs;
  using interruption = new Interruption();
  using line = new ProgressLine(
    'simulating',
    (text) => process.stderr.write(text),
    () => performance.now(),
  );
  const startMs = performance.now();
  const result = await runSimulation({
    source: file,
    scenario,
    params,
    durationUs,
    signal: interruption.signal,
    progress: (share) => {
      if (process.stderr.isTTY) line.show(share);
    },
  });
  line[Symbol.dispose]();
  if (result === null) return interruption.exitStatus;
  if (options.json) {
    process.stdout.write(`${exactJson(resultObject(result), 2)}\n`);
  } else {
    const tookUs = Math.max((performance.now() - startMs) * 1000, 1);
    const speed = `${formatDuration(durationUs)} in ${formatDuration(tookUs)}, ${Math.round(durationUs / tookUs)} times real time`;
    process.stdout.write(`${[...resultLines(result), `speed      ${speed}`].join('\n')}\n`);
  }
  return 0;
}

function parseSeed(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ThermoclineError(
    'TC_INVALID',
    `--seed is "${text}"; write a whole number of 15 digits at most.`,
  );
}
