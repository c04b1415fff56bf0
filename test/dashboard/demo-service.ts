/** A real service with a simulated machine, for the dashboard to show. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LinuxHost } from '../../src/host/linux/linux-host.ts';
import { resolveRoots } from '../../src/host/linux/roots.ts';
import { parseScenario } from '../../src/host/sim/index.ts';
import { monitorOpener } from '../../src/service/open-monitor.ts';
import { type RunningService, runService } from '../../src/service/run-service.ts';
import { projectRoot } from '../sources.ts';

/** Where it is, and who is told of faults. */
interface DemoServiceOptions {
  readonly stateDir: string;
  readonly port: number;
  readonly pagesFolder: string;
  readonly tellFault: (why: string) => void;
}

/** Watches the monitor `twin`, with a scheme that counts what is idle for ten minutes. */
export async function startDemoService(options: DemoServiceOptions): Promise<RunningService> {
  const { stateDir, port, pagesFolder, tellFault } = options;
  const roots = resolveRoots({});
  const scenario = readFileSync(path.join(projectRoot, 'examples/scenarios/demo.yaml'), 'utf8');
  const running = await runService({
    host: new LinuxHost(roots),
    stateDir,
    port,
    open: monitorOpener(roots, stateDir, () => parseScenario(scenario, 'demo')),
    pagesFolder,
    recordings: null,
    capabilities: () => [
      {
        name: 'acting',
        checks: [{ name: 'swap', status: 'no', sentence: 'There is no swap.' }],
      },
    ],
    scenarios: ['demo'],
    version: '0.0.0',
    logFault: (error) => tellFault(String(error)),
  });
  const pattern = { nrAccesses: { max: 0 }, age: { min: '10 m' } };
  await running.service.create(
    {
      name: 'twin',
      watch: { kind: 'simulation', scenario: 'demo' },
      // On a busy machine a lower ceiling would stretch the intervals, and ages with them.
      cpuCeiling: 1,
      params: { schemes: [{ action: 'stat', pattern }] },
    },
    'command-line',
  );
  return running;
}
