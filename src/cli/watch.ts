import { type Command, Option } from 'commander';
import { openMonitor } from '../monitor/open-monitor.ts';
import { Interruption } from './interruption.ts';
import { rootsOf } from './roots.ts';
import { addKernelOptions } from './watch/kernel-options.ts';
import { addPid, ceilingValue, durationValue } from './watch/option-values.ts';
import { isLiveTerminal, jsonOutput, liveOutput, plainOutput } from './watch/output.ts';
import { printWrites } from './watch/print-writes.ts';
import { runWatch } from './watch/run.ts';
import { openSession, standInFor } from './watch/session.ts';
import { startOrEnd } from './watch/start-or-end.ts';
import { openSubject, type SubjectOptions } from './watch/subject.ts';

const EXAMPLES = `
While the picture is shown, q ends it.

Exit status: 0 when the time is up, the target has ended or q was pressed; with COMMAND, the
command's own; 130 after Ctrl-C.

Examples:
  $ thermocline watch --pid 1234
  $ thermocline watch --cgroup /system.slice/postgresql.service --every 5s
  $ thermocline watch -- python3 train.py
  $ thermocline watch --sim examples/scenarios/demo.yaml
  $ thermocline watch --pid 1234 --json --for 1m > snapshots.jsonl
  $ thermocline watch --pid 1234 --params reclaim.yaml --act --dry-run
  $ thermocline watch --kernel --pid 1234
  $ thermocline watch --kernel --physical --node 1 --pages anon
  $ thermocline watch --kernel --foreign damon_stat`;

interface WatchOptions extends SubjectOptions {
  readonly every: number;
  readonly for?: number;
  readonly json?: true;
  /** Share of one CPU. */
  readonly ceiling?: number;
}

export function register(program: Command): void {
  const command = program
    .command('watch')
    .summary('show which memory of a process, cgroup or command is touched, live')
    .description(
      'Shows, live, how hot the memory of a process, a cgroup, a command or a simulated machine ' +
        'is. Nothing is changed unless --act is given; watching clears referenced bits of the target.',
    )
    .argument('[command...]', 'run this and watch it; write it behind --')
    .option('--pid <pid>', 'watch this process; may be repeated', addPid)
    .option('--cgroup <path>', 'watch the processes of this cgroup (version 2)')
    .option('--sim <scenario>', 'watch a simulated machine, in real time')
    .option('--no-follow', 'leave out processes that the watched ones start')
    .addOption(
      new Option('--every <duration>', 'draw or print so often')
        .argParser(durationValue('--every'))
        .default(1_000_000, '1s'),
    )
    .option('--for <duration>', 'end after this time', durationValue('--for'))
    .option('--params <file>', 'attributes and schemes, YAML or JSON')
    .option('--json', 'print one snapshot a line')
    .option('--force', 'watch very large processes, too, where each sample takes long')
    .option(
      '--ceiling <percent>',
      'share of one CPU that watching may cost (default: 1)',
      ceilingValue,
    )
    .option('--act', 'let the schemes of --params act; without it they are only counted')
    .option('--dry-run', 'with --act: print the calls and do nothing; with --kernel: the writes')
    .addHelpText('after', EXAMPLES)
    .action(async (words: string[], options: WatchOptions, command: Command) => {
      process.exitCode = await watch(words, options, command);
    });
  addKernelOptions(command);
}

async function watch(
  words: readonly string[],
  options: WatchOptions,
  command: Command,
): Promise<number> {
  const roots = rootsOf(command);
  const live = options.json !== true && isLiveTerminal();
  using interruption = new Interruption();
  await using subject = await openSubject(words, options, roots, live ? 'kept' : 'stderr');
  if (options.kernel && options.dryRun) return await printWrites(subject);
  await using session = await openSession(subject, `thermocline watch: ${subject.name}`, roots);
  const { operations, params } = subject;
  await using monitor = await openMonitor(operations, {
    params,
    ...(options.ceiling !== undefined && { cpuCeiling: options.ceiling }),
    ...(session !== null && { record: (step) => session.record(step) }),
  });
  const standIn = standInFor(subject, session);
  const endedEarly = await startOrEnd(monitor, subject.child);
  if (endedEarly !== null) return endedEarly;
  await using _figures = await standIn();
  using output = options.json ? jsonOutput() : live ? liveOutput(interruption) : plainOutput();
  const exitStatus = await runWatch({
    subject: subject.name,
    mode: subject.mode,
    schemes: params.schemes,
    monitor,
    output,
    interruption,
    child: subject.child,
    session,
    everyUs: options.every,
    forUs: options.for ?? null,
  });
  process.stderr.write(subject.child?.keptOutput ?? '');
  return exitStatus;
}
