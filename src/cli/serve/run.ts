import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Logger, pino } from 'pino';
import { ThermoclineError } from '../../base/errors.ts';
import type { MonitorSpec } from '../../client/api-types.ts';
import { examine } from '../../control/diagnosis/examine.ts';
import { stateFolderPath } from '../../control/state-folder.ts';
import { announceStateFolder } from '../../control/state-folders.ts';
import type { Roots } from '../../host/host.ts';
import { LinuxHost } from '../../host/linux/linux-host.ts';
import { parseConfig } from '../../service/desired-state.ts';
import { monitorOpener } from '../../service/open-monitor.ts';
import { type RunningService, runService } from '../../service/run-service.ts';
import type { Service } from '../../service/service.ts';
import { WorkloadProcess } from '../demo/workload-process.ts';
import { Interruption } from '../interruption.ts';
import { readNamedFile } from '../named-file.ts';
import type { ServeOptions } from '../serve.ts';
import { namedMonitors } from './named-monitors.ts';
import { serviceRecordings } from './recordings.ts';
import { findScenario, shippedScenarios } from './shipped-scenarios.ts';

/** The demo's picture should move, and what is watched is ours. */
const DEMO_CEILING = 0.05;

/** Runs the service until a signal ends it; returns the exit status. */
export async function serve(options: ServeOptions, roots: Roots): Promise<number> {
  using interruption = new Interruption(['SIGINT', 'SIGTERM']);
  const specs = namedMonitors(options.monitor, options.handover);
  const stateDir = resolve(options.stateDir ?? stateFolderPath());
  const log = pino({ name: 'thermocline', level: 'info' }, pino.destination(2));
  const host = new LinuxHost(roots);
  await using running = await runService({
    host,
    stateDir,
    socket: options.socket,
    port: options.port ?? null,
    open: monitorOpener(roots, stateDir, findScenario),
    recordings: serviceRecordings(stateDir, roots, options.recordBytes),
    capabilities: () =>
      examine({ roots, stateDir, syscalls: 'System calls are loaded when something acts.' }).groups,
    scenarios: shippedScenarios(),
    version: readVersion(),
    pagesFolder: fileURLToPath(new URL('../../../dist/web', import.meta.url)),
    logFault: (error) => log.error(error),
  });
  using _announced = announceStateFolder(stateDir);
  void logEvents(running.service, log, interruption.signal);
  await using demo = options.demo ? await WorkloadProcess.start('endless') : null;
  const all = demo === null ? specs : [...demoMonitors(demo.pid), ...specs];
  for (const spec of all) await running.service.create(spec, 'command-line');
  using _reload = await followConfig(running.service, options.config, log);
  announce(running, options);
  await interruption.requested;
  return interruption.exitStatus;
}

/**
 * Makes the monitors of the configuration now, and again on SIGHUP. A mistake in the file ends the
 * start; later on it changes nothing, and what can't be made doesn't hinder the rest.
 */
async function followConfig(
  service: Service,
  file: string | undefined,
  log: Logger,
): Promise<Disposable> {
  const reconcile = async () => {
    if (file === undefined) return;
    const desired = parseConfig(readNamedFile(file, 'The configuration'), file);
    await service.reconcile(desired, null).catch(said);
  };
  const said = (error: unknown) => {
    if (!(error instanceof ThermoclineError)) throw error;
    service.events.add('warning', null, error.message);
  };
  const reload = () => void reconcile().then(() => log.info('The configuration was read.'), said);
  await reconcile();
  process.on('SIGHUP', reload);
  return { [Symbol.dispose]: () => process.off('SIGHUP', reload) };
}

function demoMonitors(pid: number): MonitorSpec[] {
  return [
    { name: 'demo', watch: { kind: 'processes', pids: [pid] }, cpuCeiling: DEMO_CEILING },
    { name: 'demo-twin', watch: { kind: 'simulation', scenario: 'demo' } },
  ];
}

function announce(running: RunningService, { json }: ServeOptions): void {
  const { socket, url, readTokenFile, actTokenFile } = running;
  const link = running.newLink();
  const text = json
    ? JSON.stringify({ socket, url, readTokenFile, actTokenFile })
    : [
        `Thermocline serves on ${socket}.`,
        ...(link === null
          ? ['With --port it serves browsers, too.']
          : [`Open ${link} within 10 minutes; "thermocline link" gives another one.`]),
        'Ctrl-C ends it.',
      ].join('\n');
  process.stdout.write(`${text}\n`);
}

async function logEvents({ events }: Service, log: Logger, over: AbortSignal): Promise<void> {
  for await (const { type, monitor, message } of events.read(0, over)) {
    log[type === 'warning' ? 'warn' : 'info']({ type, monitor }, message);
  }
}

function readVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
