/**
 * A snapshot of the kernel's DAMON by damo and by us, of the same process in the same guest: how
 * long until it is there, and what it costs.
 */
import { globSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { CpioEntry } from '../test/guest/cpio.ts';
import { librariesOf, makeInitrd } from '../test/guest/initrd.ts';
import { fetchKernels } from '../test/guest/kernels.ts';
import { Machine } from '../test/guest/machine.ts';
import { buildProject, guestRoot } from '../test/guest/project.ts';
import { damoFolder } from './damo.ts';
import type { Measured, Took } from './damo-kernel-guest.ts';
import { type Bench, formatFigure, median, type Report } from './harness.ts';

/** Booting, and all rounds of both tools, of which damo's take long. */
const lifeLimitMs = 9 * 60_000;
/** What damo never imports. */
const uselessPython = /\/(test|idlelib|lib2to3|config-[^/]*|__pycache__)\//;

/** damo, the Python of this machine, and the programs that it calls. */
async function damoEntries(): Promise<CpioEntry[]> {
  const python = globSync('/usr/bin/python3.[0-9]*').find((name) => /\.\d+$/.test(name));
  if (python === undefined) throw new Error('damo needs Python (package python3).');
  const library = `/usr/lib/${path.basename(python)}`;
  const damo = await damoFolder();
  const programs = [python, '/usr/bin/ps', ...globSync(`${library}/lib-dynload/*.so`)];
  const whole = (from: string, to: string) =>
    readdirSync(from, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((name) => !uselessPython.test(name))
      .map((name) => executable(`${to}${name.slice(from.length)}`, name));
  return [
    ...programs.flatMap((program) => [executable(program, program), ...librariesOf(program)]),
    ...whole(library, library),
    ...whole(`${damo}/usr`, '/usr'),
    { path: 'usr/bin/python3', kind: 'link', to: path.basename(python) },
  ];
}

function executable(to: string, from: string): CpioEntry {
  return { path: to.slice(1), kind: 'file', executable: true, content: { file: from } };
}

async function measure(progress: (line: string) => void): Promise<Measured> {
  const { kernels, busybox } = await fetchKernels(progress);
  const kernel = kernels.find(({ name }) => name === 'newest')!;
  progress(`booting ${kernel.release} with damo in it`);
  const initrd = await makeInitrd(kernel, busybox, await damoEntries());
  const shape = { topology: 'plain', vmlinux: kernel.vmlinux, initrd } as const;
  await using machine = await Machine.boot(shape, lifeLimitMs);
  await machine.put(buildProject());
  progress('measuring');
  const script = `${guestRoot}/bench/damo-kernel-guest.js`;
  const { stdout, stderr, status } = await machine.run(['node', script], {
    timeLimitMs: lifeLimitMs,
    env: { TERM: 'dumb', COLUMNS: '120' },
  });
  if (status !== 0) throw new Error(`The measurement in the guest failed: ${stderr.trim()}`);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Measured;
}

const bench: Bench = {
  about: "a snapshot of the kernel's DAMON by damo and by us, in the same guest",

  async run(progress): Promise<Report> {
    const measured = await measure(progress);
    const { damoStart, damoReports, coldStarts, running, damoVersion, nrRegions } = measured;
    const report = figuresOf(damoReports);
    const cold = figuresOf(coldStarts);
    const [waitMs, readMs] = [middle(running, 'waitMs'), middle(running, 'readMs')];
    const ours = { wallMs: waitMs + readMs, cpuMs: middle(running, 'cpuMs') };
    const both = {
      wallMs: damoStart.wallMs + report.wallMs,
      cpuMs: damoStart.cpuMs + report.cpuMs,
    };
    const row = (name: string, figures: Took, damo: Took, wait = '', read = '') => [
      ...[name, formatFigure(figures.wallMs), wait, read, formatFigure(figures.cpuMs)],
      ...[formatFigure(damo.wallMs / figures.wallMs), formatFigure(damo.cpuMs / figures.cpuMs)],
    ];
    return {
      json: {
        ...measured,
        ratios: {
          running: ratio(report, ours),
          coldToReport: ratio(report, cold),
          coldToStartAndReport: ratio(both, cold),
        },
      },
      table: [
        ['milliseconds', 'until it is there', 'wait', 'read', 'CPU', 'quicker', 'cheaper'],
        row('damo report access', report, report),
        row('ours, in a process that runs', ours, report, ...[waitMs, readMs].map(formatFigure)),
        row('damo start, then report', both, both),
        row('ours, from the start of the process', cold, both),
      ],
      notes: [
        `damo ${damoVersion}; ${nrRegions} regions; an emulated processor. Medians.`,
        'damo reports on a kdamond that runs; ours reads another snapshot in a process that does,',
        'too. From its start, ours sets DAMON up, too, and is compared with both of its commands.',
      ],
    };
  },
};
export default bench;

function figuresOf(rows: readonly Took[]): Took {
  return { wallMs: middle(rows, 'wallMs'), cpuMs: middle(rows, 'cpuMs') };
}

/** How many times as much damo takes. */
function ratio(damo: Took, ours: Took): Took {
  return { wallMs: damo.wallMs / ours.wallMs, cpuMs: damo.cpuMs / ours.cpuMs };
}

function middle<K extends string>(rows: readonly Readonly<Record<K, number>>[], key: K): number {
  return median(rows.map((row) => row[key]));
}
