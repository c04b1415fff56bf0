import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { ThermoclineError } from '../base/errors.ts';
import { EngineMonitor } from '../monitor/engine-monitor.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { VirtualMonitor } from '../monitor/virtual-monitor.ts';
import { Demonstration } from './demo/demonstration.ts';
import { demoFrame } from './demo/frame.ts';
import { closingLines, openingLines, sampleLine } from './demo/plain-lines.ts';
import { WorkloadProcess } from './demo/workload-process.ts';
import { Interruption } from './interruption.ts';
import { rootsOf } from './roots.ts';
import { readScenario } from './scenario-file.ts';
import { colourDepth, isLiveTerminal, openScreen } from './watch/output.ts';
import { processParams, scenarioParams } from './watch/params.ts';

const DEMO_SCENARIO: string = new URL('../../examples/scenarios/demo.yaml', import.meta.url)
  .pathname;
/** A live demonstration ends by itself after this time. */
const LONGEST_MS = 10 * 60 * 1000;
const FRAME_MS = 500;
/** More than usual: what is watched is ours, and the picture should move. */
const CPU_CEILING = 0.05;
/** Without a terminal: how long, and how often a line. */
const PLAIN_MS = 15_000;
const PLAIN_EVERY_MS = 3000;

export function register(program: Command): void {
  program
    .command('demo')
    .summary('watch a small workload of its own, live, beside its simulated twin')
    .description(
      'Starts a small workload, watches it, and shows it beside its simulated twin, where location ' +
        'within a mapping is known, too. Nothing else on this machine is watched or changed.',
    )
    .addHelpText(
      'after',
      '\nEnds by q, after 10 minutes, or, without a terminal, after 15 seconds with a summary.\n' +
        '\nExample:\n  $ thermocline demo',
    )
    .action(async (_options: object, command: Command) => {
      process.exitCode = await demo(command);
    });
}

async function demo(command: Command): Promise<number> {
  using interruption = new Interruption();
  const scenario = readScenario(DEMO_SCENARIO);
  await using twin = new VirtualMonitor({ scenario, params: scenarioParams(scenario, undefined) });
  await twin.start();
  await using workload = await WorkloadProcess.start();
  const operations = {
    set: 'smaps',
    pids: [workload.pid],
    roots: rootsOf(command),
    force: false,
    followChildren: false,
  } as const;
  const params = processParams(undefined)([workload.pid]);
  await using monitor = new EngineMonitor({ operations, params, cpuCeiling: CPU_CEILING });
  const refusal = await startOrRefusal(monitor);
  const show = new Demonstration(workload, refusal ?? monitor, twin);
  await (isLiveTerminal() ? runLive(show, interruption) : runPlain(show, interruption));
  return interruption.exitStatus;
}

/** Null, or the sentence that says why processes can't be watched here. */
async function startOrRefusal(monitor: Monitor): Promise<string | null> {
  try {
    await monitor.start();
    return null;
  } catch (error) {
    if (!(error instanceof ThermoclineError)) throw error;
    return `The real process can't be watched, so only its twin is shown: ${error.message}`;
  }
}

async function runLive(show: Demonstration, interruption: Interruption): Promise<void> {
  const depth = colourDepth();
  let latest = await show.look();
  const draw = () => screen.draw(demoFrame(latest, screen.columns, screen.rows, depth));
  using screen = openScreen(interruption, depth, draw);
  for (let frame = 0; frame * FRAME_MS < LONGEST_MS; frame++) {
    draw();
    if (!(await waited(FRAME_MS, interruption))) break;
    latest = await show.look();
  }
  screen[Symbol.dispose]();
  print(closingLines(latest));
}

async function runPlain(show: Demonstration, interruption: Interruption): Promise<void> {
  let latest = await show.look();
  print(openingLines(latest));
  for (let passedMs = 0; passedMs < PLAIN_MS; passedMs += PLAIN_EVERY_MS) {
    if (!(await waited(PLAIN_EVERY_MS, interruption))) return;
    latest = await show.look();
    print([sampleLine(latest)]);
  }
  print(closingLines(latest));
}

function print(lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** False when something has ended the wait early. */
async function waited(durationMs: number, { signal }: Interruption): Promise<boolean> {
  await delay(durationMs, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}
