/** Puts a service together: state folder, monitors, access, listeners. */
import { join, resolve } from 'node:path';
import { restoreAbandoned } from '../control/runs.ts';
import { openStateFolder } from '../control/state-folder.ts';
import type { HostReader } from '../host/host.ts';
import { PageSessions } from './access/page-sessions.ts';
import { Tokens } from './access/tokens.ts';
import { createApp } from './api/app.ts';
import type { HostInfo } from './api/host-endpoints.ts';
import { type Listener, listenOnLoopback, listenOnSocket } from './listen.ts';
import { MonitorStore } from './monitor-store.ts';
import type { MonitorOpener } from './open-monitor.ts';
import type { Recordings } from './owned-monitor.ts';
import { OwnerLock } from './owner-lock.ts';
import { Service } from './service.ts';

/** What a service is to be. */
export interface RunServiceOptions extends HostInfo {
  readonly host: HostReader;
  readonly stateDir: string;
  /** `thermocline.sock` in the state folder unless said otherwise. */
  readonly socket?: string | undefined;
  /** On loopback; 0 for any that is free, null for none. */
  readonly port: number | null;
  readonly open: MonitorOpener;
  /** Null: nothing is recorded. */
  readonly recordings: Recordings | null;
  /** Holds the built dashboard; without one there are no pages. */
  readonly pagesFolder: string;
  readonly logFault: (error: unknown) => void;
}

/** A service that listens. */
export interface RunningService extends AsyncDisposable {
  readonly service: Service;
  readonly socket: string;
  /** Without a slash at its end; null where only the socket is there. */
  readonly url: string | null;
  readonly readTokenFile: string;
  readonly actTokenFile: string;
  /** The address to open in a browser, good for one sign-in; null where there is no port. */
  newLink(): string | null;
}

/**
 * Starts a service and resumes what the one before it has left.
 * @throws ThermoclineError TC_BUSY while another service has the folder; as listening does
 */
export async function runService(options: RunServiceOptions): Promise<RunningService> {
  const { host, open, port, recordings } = options;
  const stateDir = openStateFolder(options.stateDir);
  await using undo = new AsyncDisposableStack();
  const socket = resolve(options.socket ?? join(stateDir, 'thermocline.sock'));
  undo.use(OwnerLock.take(stateDir, socket));
  // Whoever was killed here may have left limits behind, if its guard was killed as well.
  await restoreAbandoned(stateDir, host.roots);
  const tokens = new Tokens(stateDir);
  const sessions = new PageSessions(() => performance.now());
  const store = new MonitorStore(stateDir);
  const stored = store.load();
  const service = new Service({
    roots: host.roots,
    stateDir,
    open,
    store,
    recordings,
    wallUs: () => Date.now() * 1000,
  });
  undo.defer(() => service.close());
  await service.resumeStored(stored);
  let hosts: readonly string[] = [];
  const app = createApp({
    ...options,
    service,
    tokens,
    sessions,
    hosts: () => hosts,
    nowMs: () => performance.now(),
  });
  const close = (listener: Listener) => undo.defer(() => listener.close());
  let url: string | null = null;
  if (port !== null) {
    const listener = await listenOnLoopback(app, port);
    close(listener);
    hosts = ['127.0.0.1', 'localhost'].map((name) => `${name}:${listener.port}`);
    url = `http://${hosts[0]}`;
  }
  close(await listenOnSocket(app, socket));
  const running = undo.move();
  return {
    service,
    socket,
    url,
    readTokenFile: tokens.readTokenFile,
    actTokenFile: tokens.actTokenFile,
    newLink: () => (url === null ? null : `${url}/#code=${sessions.newCode('act')}`),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
