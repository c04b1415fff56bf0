import { hostname } from 'node:os';
import { type Command, Option } from 'commander';
import { ThermoclineError } from '../base/errors.ts';
import { parseBytes } from '../base/units.ts';
import type { ActingSession } from '../control/acting-session.ts';
import type { Roots } from '../host/host.ts';
import { readTextIfAny } from '../host/linux/read-file.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { openMonitor } from '../monitor/open-monitor.ts';
import { VirtualMonitor } from '../monitor/virtual-monitor.ts';
import type { RecordingOrigin } from '../record/recording.ts';
import { Interruption } from './interruption.ts';
import { linuxMemory, type MemoryReader, simulatedMemory } from './record/memory.ts';
import { RecordOutput } from './record/record-output.ts';
import { Recorder } from './record/recorder.ts';
import { runRecord, type VirtualTime } from './record/run.ts';
import { rootsOf } from './roots.ts';
import { addKernelOptions } from './watch/kernel-options.ts';
import { addPid, ceilingValue, durationValue } from './watch/option-values.ts';
import { openSession, standInFor } from './watch/session.ts';
import { startOrEnd } from './watch/start-or-end.ts';
import { openSubject, type Subject, type SubjectOptions } from './watch/subject.ts';

const DEFAULT_FILE = 'thermocline.tcr';
const SMALLEST_FILE_BYTES = 4096;

const EXAMPLES = `
A recording can be read while it is being written, and after a kill up to its last second. With
--rotate-size or --rotate-time, week.tcr is written as week.0001.tcr, week.0002.tcr and so on,
each of which can be read alone. Only you can read the files (mode 0600): they tell what your
programs do.

Exit status: 0 when the time is up or the target has ended; with COMMAND, the command's own; 130
after Ctrl-C. The recording is whole in each case.

Examples:
  $ thermocline record --pid 1234
  $ thermocline record --cgroup /system.slice/postgresql.service --for 1h -o postgres.tcr
  $ thermocline record --footprint --mappings -- python3 train.py
  $ thermocline record --pid 1234 --rotate-time 1h --for 7d -o week.tcr
  $ thermocline record --sim examples/scenarios/demo.yaml --for 10m`;

interface RecordOptions extends Omit<SubjectOptions, 'act' | 'dryRun'> {
  readonly output: string;
  readonly overwrite?: true;
  /** Share of one CPU. */
  readonly ceiling?: number;
  readonly for?: number;
  readonly footprint?: true;
  readonly mappings?: true;
  readonly every: number;
  readonly rotateSize?: number;
  readonly rotateTime?: number;
}

export function register(program: Command): void {
  const command = program
    .command('record')
    .summary('write what a process, cgroup or command does with its memory to a file')
    .description(
      'Records how hot the memory of a process, a cgroup, a command or a simulated machine is, for ' +
        'report and convert. Nothing is changed: schemes of --params are only counted. Watching ' +
        'clears referenced bits of the target.',
    )
    .argument('[command...]', 'run this and record it; write it behind --')
    .option('-o, --output <file>', 'where to', DEFAULT_FILE)
    .option('--overwrite', 'replace files that are there already')
    .option('--pid <pid>', 'record this process; may be repeated', addPid)
    .option('--cgroup <path>', 'record the processes of this cgroup (version 2)')
    .option('--sim <scenario>', 'record a simulated machine, as fast as that goes')
    .option('--no-follow', 'leave out processes that the recorded ones start')
    .option('--for <duration>', 'end after this time', durationValue('--for'))
    .option('--params <file>', 'attributes and schemes, YAML or JSON')
    .option(
      '--ceiling <percent>',
      'share of one CPU that watching may cost (default: 1)',
      ceilingValue,
    )
    .option('--force', 'record very large processes, too, where each sample takes long')
    .option('--footprint', 'record the memory use of the processes and the machine, too')
    .option('--mappings', 'record what lies where in the processes, too: heap, stack, files')
    .addOption(
      new Option('--every <duration>', 'look at footprint and mappings so often, with a snapshot')
        .argParser(durationValue('--every'))
        .default(1_000_000, '1s'),
    )
    .option('--rotate-size <bytes>', 'begin a new file when one is so large', rotateSize)
    .option(
      '--rotate-time <duration>',
      'begin a new file when one spans so long',
      durationValue('--rotate-time'),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (words: string[], options: RecordOptions, command: Command) => {
      process.exitCode = await record(words, options, rootsOf(command));
    });
  addKernelOptions(command);
}

async function record(
  words: readonly string[],
  options: RecordOptions,
  roots: Roots,
): Promise<number> {
  using interruption = new Interruption();
  const isTTY = process.stderr.isTTY === true;
  // Made before a command is started, so that a file that is there already starts nothing.
  const outputTo = newOutput(options);
  await using subject = await openSubject(words, options, roots, 'stderr');
  await using session = await openSession(subject, `thermocline record: ${subject.name}`, roots);
  const source = await openSource(subject, options, roots, session);
  await using monitor = source.monitor;
  const standIn = standInFor(subject, session);
  const endedEarly = await startOrEnd(monitor, subject.child);
  if (endedEarly !== null) return endedEarly;
  await using _figures = await standIn();
  const output = outputTo(originOf(subject, roots));
  const everyNs = BigInt(options.every) * 1000n;
  const recorder = new Recorder({
    attrs: subject.params.attrs,
    pageFilters: subject.operations.set === 'kernel' ? subject.operations.pageFilters : [],
    stats: () => monitor.stats(),
    memory: source.memory,
    footprintEveryNs: options.footprint ? everyNs : null,
    mappingsEveryNs: options.mappings ? everyNs : null,
  });
  return await runRecord({
    subject: subject.name,
    monitor,
    recorder,
    output,
    interruption,
    child: subject.child,
    session,
    forUs: source.virtual === null ? (options.for ?? null) : null,
    virtual: source.virtual,
    terminal: { isTTY, write: (text) => process.stderr.write(text) },
  });
}

/** What is recorded, by what, and what else can be known of it. */
interface Source {
  readonly monitor: Monitor;
  readonly virtual: VirtualTime | null;
  readonly memory: MemoryReader;
}

async function openSource(
  subject: Subject,
  options: RecordOptions,
  roots: Roots,
  session: ActingSession | null,
): Promise<Source> {
  const { operations, params } = subject;
  if (operations.set === 'sim') {
    const { scenario } = operations;
    const monitor = new VirtualMonitor({ scenario, params, seed: scenario.seed });
    return {
      monitor,
      virtual: { monitor, durationUs: options.for ?? scenario.durationUs },
      memory: simulatedMemory(monitor.simulation.machine),
    };
  }
  return {
    monitor: await openMonitor(operations, {
      params,
      ...(options.ceiling !== undefined && { cpuCeiling: options.ceiling }),
      ...(session !== null && { record: (step) => session.record(step) }),
    }),
    virtual: null,
    memory: linuxMemory(roots),
  };
}

function newOutput(options: RecordOptions): (origin: RecordingOrigin) => RecordOutput {
  const { output: path, overwrite, rotateSize: rotateBytes, rotateTime } = options;
  const rest = {
    path,
    overwrite: overwrite === true,
    rotateBytes: rotateBytes ?? null,
    rotateNs: rotateTime === undefined ? null : BigInt(rotateTime) * 1000n,
  };
  RecordOutput.check(rest);
  return (origin) => new RecordOutput({ ...rest, origin });
}

function originOf({ operations, params }: Subject, roots: Roots): RecordingOrigin {
  const kernelRelease = readTextIfAny(`${roots.proc}/sys/kernel/osrelease`)?.trim() ?? null;
  const isReal = operations.set !== 'sim';
  return {
    format: 'tcr',
    // A simulated machine is the same one wherever it is simulated.
    host: isReal ? hostname() : null,
    kernelRelease: isReal ? kernelRelease : null,
    source:
      operations.set === 'kernel' || operations.set === 'foreign'
        ? `kernel ${params.operations}`
        : `engine ${operations.set}`,
    params,
  };
}

function rotateSize(text: string): number {
  const bytes = parseBytes(text, '--rotate-size');
  if (bytes >= SMALLEST_FILE_BYTES) return bytes;
  throw new ThermoclineError('TC_INVALID', '--rotate-size has to be 4 KiB at least.');
}
