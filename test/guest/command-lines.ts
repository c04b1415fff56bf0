/** Ways to call each command, for tests of what none of them may do. */

/** One way to call a command. */
export interface CommandLine {
  readonly words: readonly string[];
  /** For those that do not end by themselves: they are asked to after this time. */
  readonly endAfterMs?: number;
  /** Whether it starts a kdamond, or says why it can't. */
  readonly drives?: true;
}

/** A parameter file about a process of the test, which the test writes. */
export const paramsFile = '/tmp/watch.json';
const recording = '/tmp/recording.tcr';
const scenario = '/app/examples/scenarios/hot-tenth.yaml';

/**
 * Each command of the program by name, with those of its options that lead elsewhere.
 * `command-lines.test.ts` fails where one is missing.
 *
 * @param pid a process to watch
 */
export function commandLines(pid: number): Readonly<Record<string, readonly CommandLine[]>> {
  const process = ['--pid', `${pid}`];
  const briefly = ['--for', '1s', '--ceiling', '50'];
  const line = (...words: readonly string[]): CommandLine => ({ words });
  const drives = (...words: readonly string[]): CommandLine => ({ words, drives: true });
  return {
    demo: [{ words: ['demo'], endAfterMs: 3000 }],
    serve: [
      { words: ['serve', '--monitor', `pid:${pid}`], endAfterMs: 4000 },
      drives('serve', '--monitor', `kernel:pid:${pid}`),
    ],
    link: [line('link')],
    attach: [line('attach')],
    apply: [line('apply', paramsFile, '--plan')],
    watch: [
      line('watch', ...process, ...briefly, '--json'),
      line('watch', ...briefly, '--', 'sleep', '1'),
      drives('watch', '--kernel', ...process, ...briefly, '--json'),
      drives('watch', '--kernel', '--physical', ...briefly, '--json'),
      line('watch', '--kernel', ...process, '--dry-run'),
      line('watch', '--kernel', '--foreign', '0', ...briefly, '--json'),
      line('watch', '--kernel', '--foreign', 'damon_stat', ...briefly, '--json'),
    ],
    record: [
      line('record', ...process, ...briefly, '-o', recording, '--overwrite'),
      drives('record', '--kernel', ...process, ...briefly, '-o', '/tmp/k.tcr', '--overwrite'),
    ],
    start: [drives('start', paramsFile, ...briefly), line('start', paramsFile, '--dry-run')],
    status: [line('status'), line('status', '--json')],
    tune: [line('tune', '--set', 'attrs.sampleIntervalUs=10ms'), line('tune', '0', '--dry-run')],
    stop: [line('stop'), line('stop', '0')],
    modules: [line('modules')],
    simulate: [line('simulate', scenario, '--until', '1s')],
    'lru-sort': [line('lru-sort', 'plan', '--kernel'), line('lru-sort', 'status')],
    stat: [line('stat', 'plan', '--kernel')],
    tier: [
      line('tier', 'plan'),
      drives('tier', 'run', '--kernel', '--for', '1s'),
      drives('tier', 'shadow', '--kernel', '--for', '1s'),
      line('tier', 'status'),
    ],
    reclaim: [
      line('reclaim', 'plan', '--kernel'),
      drives('reclaim', 'run', '--kernel', '--for', '1s'),
      drives('reclaim', 'shadow', '--kernel', '--for', '1s'),
      line('reclaim', 'shadow', ...process, '--for', '2s'),
      line('reclaim', 'status'),
    ],
    acma: [
      line('acma', 'simulate', '/app/examples/scenarios/auto-scaling.yaml', '--json'),
      line('acma', 'status'),
      line('acma', 'power'),
      line('acma', 'pool', 'plan', '--target', '64M'),
      line('acma', 'pool', 'run', '--target', '64M', '--for', '1s'),
      line('acma', 'pool', 'status'),
    ],
    agent: [line('agent', '--port', 'none')],
    whatif: [line('whatif', recording, '--policy', 'reclaim')],
    recommend: [line('recommend', recording)],
    report: [line('report', 'info', recording), line('report', 'wss', recording)],
    convert: [line('convert', recording, '/tmp/recording.csv', '--overwrite')],
    top: [line('top'), line('top', '--cgroups')],
    doctor: [line('doctor')],
    off: [line('off'), line('off', '--undo')],
    restore: [line('restore')],
    schema: [line('schema')],
  };
}
