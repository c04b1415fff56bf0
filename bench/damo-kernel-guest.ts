/** In the guest of `damo-kernel.ts`: prints what both tools took for a snapshot, as JSON. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { processes, scheme } from '../test/guest/guest-params.ts';
import { switchDamonStatOff } from '../test/guest/hand-made-kdamond.ts';
import { RunningDamon } from '../test/guest/our-slots.ts';
import { startWorkload } from '../test/guest/workload.ts';

/** One snapshot. */
export interface Took {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** All that was measured. */
export interface Measured {
  readonly damoVersion: string;
  readonly damoStart: Took;
  /** `damo report access` of the kdamond that it has started. */
  readonly damoReports: readonly Took[];
  /** `thermocline watch --kernel`, from its start to its first snapshot. */
  readonly coldStarts: readonly Took[];
  /** In a process that runs: until the kernel has answered, and reading the answer. */
  readonly running: readonly { readonly waitMs: number; readonly readMs: number; cpuMs: number }[];
  readonly nrRegions: number;
}

const rounds = 3;
const mebibytes = 64;
const settleMs = 3000;

/** CPU time of all children that have ended. */
function childrenCpuMs(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

async function timed(work: () => unknown): Promise<Took> {
  const [cpu, start] = [childrenCpuMs(), performance.now()];
  await work();
  return { wallMs: performance.now() - start, cpuMs: childrenCpuMs() - cpu };
}

function damo(...words: string[]): string {
  return execFileSync('python3', ['/usr/bin/damo', ...words], { encoding: 'utf8' });
}

async function coldStart(pid: number): Promise<Took> {
  let firstMs = 0;
  const { cpuMs } = await timed(async () => {
    const start = performance.now();
    const words = ['watch', '--kernel', '--pid', `${pid}`, '--json', '--every', '10ms'];
    const child = spawn('thermocline', [...words, '--ceiling', '100'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    firstMs = performance.now() - start;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  return { wallMs: firstMs, cpuMs };
}

switchDamonStatOff();
await using workload = await startWorkload(mebibytes);
const { pid } = workload;

function damoStop(): void {
  damo('stop');
  writeFileSync('/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds', '0');
}

// Once without a look at the clock: Python and Node keep what they have compiled then.
const damoVersion = damo('version').trim();
damo('start', '--target_pid', `${pid}`);
damo('report', 'access', '--json');
damoStop();
await coldStart(pid);

const damoStart = await timed(() => damo('start', '--target_pid', `${pid}`));
await sleep(settleMs);
const damoReports: Took[] = [];
for (let i = 0; i < rounds; i++) {
  damoReports.push(await timed(() => damo('report', 'access', '--json')));
}
damoStop();

const coldStarts: Took[] = [];
for (let i = 0; i < rounds; i++) coldStarts.push(await coldStart(pid));

await using damon = await RunningDamon.start(processes([pid], [scheme('stat')]));
await sleep(settleMs);
const running: Measured['running'][number][] = [];
let nrRegions = 0;
for (let i = 0; i < 5 * rounds; i++) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await damon.ask();
  const answered = performance.now();
  ({ nrRegions } = damon.readTried());
  const { user, system } = process.cpuUsage(cpu);
  running.push({
    waitMs: answered - start,
    readMs: performance.now() - answered,
    cpuMs: (user + system) / 1000,
  });
}
const measured: Measured = {
  ...{ damoVersion, damoStart, damoReports, coldStarts, running, nrRegions },
};
process.stdout.write(`\n${JSON.stringify(measured)}\n`);
