/** A service whose monitors live on virtual clocks, with its application but no listener. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { type Fetch, ThermoclineClient } from '../../src/client/client.ts';
import type { Roots } from '../../src/host/host.ts';
import { LinuxHost } from '../../src/host/linux/linux-host.ts';
import { resolveRoots } from '../../src/host/linux/roots.ts';
import { parseScenario } from '../../src/host/sim/index.ts';
import { scenarioParams } from '../../src/monitor/subject-params.ts';
import { VirtualMonitor } from '../../src/monitor/virtual-monitor.ts';
import { PageSessions } from '../../src/service/access/page-sessions.ts';
import { Tokens } from '../../src/service/access/tokens.ts';
import { type App, createApp } from '../../src/service/api/app.ts';
import { MonitorStore } from '../../src/service/monitor-store.ts';
import type { MonitorOpener } from '../../src/service/open-monitor.ts';
import type { Recordings } from '../../src/service/owned-monitor.ts';
import { Service } from '../../src/service/service.ts';
import { Contract } from './contract.ts';

export const HOST = '127.0.0.1:8472';

const MACHINE = `
seed: 1
durationMs: 60 s
nodes: [{ sizeBytes: 256 MiB }]
processes:
  - name: app
    vmas: [{ name: hot, sizeBytes: 16 MiB }, { name: cold, sizeBytes: 48 MiB }]
    accesses: [{ vma: hot, pattern: uniform, ratePerSecond: 1000 }]
`;

/** A service for a test; its folder goes with it, and so does what its answers were held to. */
export class VirtualService implements AsyncDisposable {
  readonly stateDir: string;
  readonly service: Service;
  readonly app: App;
  readonly tokens: Tokens;
  readonly sessions: PageSessions;
  readonly store: MonitorStore;
  readonly monitors: Map<string, VirtualMonitor> = new Map();
  readonly hosts: string[] = [HOST];
  nowMs = 0;
  readonly faults: unknown[] = [];
  readonly contract: Contract = new Contract();
  readonly #ownsFolder: boolean;

  /**
   * @param scenario text of a machine; one process with 16 MiB hot and 48 MiB cold otherwise
   * @param roots of the machine that the service runs on
   */
  constructor(
    stateDir?: string,
    scenario: string = MACHINE,
    recordings?: Recordings,
    roots: Roots = resolveRoots({}),
  ) {
    this.#ownsFolder = stateDir === undefined;
    this.stateDir = stateDir ?? mkdtempSync(path.join(tmpdir(), 'thermocline-service-'));
    this.store = new MonitorStore(this.stateDir);
    this.tokens = new Tokens(this.stateDir);
    this.sessions = new PageSessions(() => this.nowMs);
    const machine = parseScenario(scenario, 'test');
    const open: MonitorOpener = ({ name, params: written }) => {
      const paramsFor = (params: unknown) => scenarioParams(machine, params, 'params');
      const params = paramsFor(written);
      const monitor = new VirtualMonitor({ scenario: machine, params });
      this.monitors.set(name, monitor);
      const open = async () => monitor;
      const asked = { params, paramsFor, trialParamsFor: paramsFor };
      return { open, kernel: null, ...asked, places: [], steps: () => [] };
    };
    this.service = new Service({
      roots,
      stateDir: this.stateDir,
      open,
      store: this.store,
      recordings: recordings ?? null,
      wallUs: () => this.nowMs * 1000,
    });
    this.app = createApp({
      service: this.service,
      tokens: this.tokens,
      sessions: this.sessions,
      host: new LinuxHost(roots),
      capabilities: () => [],
      scenarios: ['demo'],
      version: '0.0.0',
      hosts: () => this.hosts,
      nowMs: () => this.nowMs,
      pagesFolder: path.join(this.stateDir, 'pages'),
      logFault: (error) => this.faults.push(error),
    });
  }

  /** Asks over TCP unless told otherwise, as `fetch` would. */
  readonly fetch: Fetch = this.contract.watched(async (url, init) => {
    const request = new Request(new URL(url, `http://${HOST}`), init);
    if (!request.headers.has('host')) request.headers.set('host', HOST);
    return await this.app.fetch(request, { transport: 'tcp' });
  });

  /** A client with the act token. */
  client(): ThermoclineClient {
    return new ThermoclineClient({ fetch: this.fetch, token: this.token('act') });
  }

  token(scope: 'read' | 'act'): string {
    const file = scope === 'act' ? this.tokens.actTokenFile : this.tokens.readTokenFile;
    return readFileSync(file, 'utf8').trim();
  }

  /** Lets time of one monitor pass, window by window, and waits until each has been taken. */
  async advance(name: string, durationUs: number, stepUs = 100_000): Promise<void> {
    const monitor = this.monitors.get(name)!;
    const owned = this.service.monitor(name);
    await breathe();
    for (let passed = 0; passed < durationUs; passed += stepUs) {
      const before = owned.nrPictures;
      monitor.advance(stepUs);
      while (owned.state === 'running' && owned.nrPictures === before) await breathe();
    }
    await breathe();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service.close();
    if (this.#ownsFolder) rmSync(this.stateDir, { recursive: true });
    // A fault of a test, if its own does not come first.
    assert.deepEqual(this.contract.broken, []);
  }
}
