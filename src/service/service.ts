import { isDeepStrictEqual } from 'node:util';
import { ThermoclineError } from '../base/errors.ts';
import type {
  GoalFeedback,
  GoalView,
  MonitorOrigin,
  MonitorSpec,
  PlannedChange,
  Watch,
} from '../client/api-types.ts';
import { ActingSession } from '../control/acting-session.ts';
import { answerOwnerRequest } from '../control/owner-answers.ts';
import { serveOwner } from '../control/owner-socket.ts';
import { type StandIn, standInForStat } from '../control/stand-in-for-stat.ts';
import type { Roots } from '../host/host.ts';
import { currentBootId } from '../host/linux/process-identity.ts';
import { readProcessStat } from '../host/linux/process-stat.ts';
import { slotSocket } from '../monitor/kernel-slots.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { Params } from '../params/types.ts';
import { planChanges } from './desired-state.ts';
import { EventLog } from './event-log.ts';
import type { MonitorStore, StoredMonitor } from './monitor-store.ts';
import type { MonitorOpener, PreparedMonitor } from './open-monitor.ts';
import { OwnedMonitor, type Recordings } from './owned-monitor.ts';

/** More monitors than a machine has use for. */
const MAX_MONITORS = 64;

/** What a service works with. */
export interface ServiceOptions {
  readonly roots: Roots;
  /** A folder from `openStateFolder`. */
  readonly stateDir: string;
  readonly open: MonitorOpener;
  readonly store: MonitorStore;
  /** Null: nothing is recorded. */
  readonly recordings: Recordings | null;
  /** Microseconds since 1970. */
  readonly wallUs: () => number;
}

/**
 * Owns monitors. Changes happen one after the other, and each is on disk before it is said to be
 * done.
 */
export class Service {
  readonly events: EventLog;
  readonly #options: ServiceOptions;
  readonly #monitors = new Map<string, OwnedMonitor>();
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.events = new EventLog(options.wallUs);
  }

  /** By name. */
  monitors(): OwnedMonitor[] {
    return [...this.#monitors.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws ThermoclineError TC_NOT_FOUND */
  monitor(name: string): OwnedMonitor {
    const monitor = this.#monitors.get(name);
    if (monitor !== undefined) return monitor;
    throw new ThermoclineError(
      'TC_NOT_FOUND',
      `There is no monitor "${name}"; the list of monitors has their names.`,
    );
  }

  /**
   * Starts a monitor.
   * @throws ThermoclineError as the monitor does, and TC_BUSY for a name that is taken
   */
  create(spec: MonitorSpec, origin: MonitorOrigin): Promise<OwnedMonitor> {
    return this.#change(async () => {
      const monitor = await this.#start(spec, origin);
      this.#save();
      this.events.add('created', spec.name, `${spec.name} has been created.`);
      return monitor;
    });
  }

  /** What the configuration would change now. Throws as `planChanges` does. */
  plan(desired: readonly MonitorSpec[]): PlannedChange[] {
    return planChanges(desired, this.monitors());
  }

  /**
   * Makes the monitors of the configuration as it says. One that can't be made doesn't hinder the
   * others.
   * @param expected the plan that was agreed to; null for whatever it takes
   * @returns what was done
   * @throws ThermoclineError TC_BUSY when the plan is not what it would take any more; the first
   * problem, once all else is done
   */
  reconcile(
    desired: readonly MonitorSpec[],
    expected: readonly PlannedChange[] | null,
  ): Promise<PlannedChange[]> {
    return this.#change(async () => {
      const changes = this.plan(desired);
      if (expected !== null && !isDeepStrictEqual(changes, expected)) {
        throw new ThermoclineError(
          'TC_BUSY',
          'The monitors have changed since the plan was made; make a new plan.',
        );
      }
      const problems: unknown[] = [];
      for (const change of changes) {
        const spec = desired.find(({ name }) => name === change.monitor);
        await this.#perform(change, spec).catch((problem) => problems.push(problem));
      }
      this.#save();
      if (problems.length > 0) throw problems[0];
      return changes;
    });
  }

  /** Replaces all parameters of a monitor. */
  commit(name: string, written: unknown): Promise<OwnedMonitor> {
    return this.#commit(name, () => written);
  }

  /** Changes the parameters that `patch` names, and no others. */
  change(name: string, patch: unknown): Promise<OwnedMonitor> {
    return this.#commit(name, (monitor) => monitor.patchedParams(patch));
  }

  pause(name: string): Promise<OwnedMonitor> {
    return this.#change(async () => {
      const monitor = this.monitor(name);
      await monitor.pause();
      this.#save();
      this.events.add('paused', name, `${name} is paused.`);
      return monitor;
    });
  }

  resume(name: string): Promise<OwnedMonitor> {
    return this.#change(async () => {
      const monitor = this.monitor(name);
      await monitor.resume();
      this.#save();
      this.events.add('resumed', name, `${name} goes on.`);
      return monitor;
    });
  }

  /** Stops a monitor and forgets it. */
  remove(name: string): Promise<void> {
    return this.#change(async () => {
      await this.monitor(name).stop();
      this.#forget(name);
      this.#save();
      this.events.add('removed', name, `${name} has been removed.`);
    });
  }

  /** Feeds a measurement to a goal whose metric is `user_input`. */
  async feedGoal(name: string, feedback: GoalFeedback): Promise<GoalView[]> {
    const { schemeIndex, goalIndex, value } = feedback;
    const monitor = this.monitor(name);
    await monitor.feedGoal(schemeIndex, goalIndex, value);
    this.events.add('goal', name, `A goal of ${name} was fed the value ${value}.`);
    return await monitor.goals();
  }

  /**
   * Starts again what the store has. What can't be is left out, and an event says why. What acted
   * on real memory only counts from now on: nobody who knows of the restart has asked for more.
   */
  async resumeStored(stored: readonly StoredMonitor[]): Promise<void> {
    await this.#change(async () => {
      for (const one of stored) await this.#resumeOne(one);
      this.#save();
    });
  }

  /** Stops all monitors; what the store has is resumed by the next service. */
  async close(): Promise<void> {
    await this.#change(() => Promise.all(this.monitors().map((monitor) => monitor.stop())));
    this.events.end();
  }

  async #resumeOne({ spec, paused, startTicks, bootId }: StoredMonitor): Promise<void> {
    const { name, watch } = spec;
    try {
      let again: MonitorSpec = spec.act === 'act' ? { ...spec, act: 'count' } : spec;
      const same = (pid: number) =>
        bootId === currentBootId() && startTicks[pid] === this.#startTicks(pid);
      if ('pids' in watch && watch.pids !== undefined) {
        again = { ...again, watch: { ...watch, pids: watch.pids.filter(same) } };
      } else if (!Object.keys(startTicks).map(Number).every(same)) {
        throw new ThermoclineError('TC_NOT_FOUND', 'a process that its parameters name is gone.');
      }
      const monitor = await this.#start(again, 'api');
      if (paused) await monitor.pause();
      this.events.add('created', name, `${name} is watched again after a restart.`);
    } catch (error) {
      if (!(error instanceof ThermoclineError)) throw error;
      this.events.add('removed', name, `${name} was not resumed after a restart: ${error.message}`);
    }
  }

  async #start(spec: MonitorSpec, origin: MonitorOrigin): Promise<OwnedMonitor> {
    const known = this.#monitors.get(spec.name);
    if (known !== undefined) {
      throw new ThermoclineError(
        'TC_BUSY',
        `There is a monitor "${spec.name}" already; choose another name, or remove that one first.`,
      );
    }
    if (this.#monitors.size >= MAX_MONITORS) {
      throw new ThermoclineError(
        'TC_BUSY',
        `There are ${MAX_MONITORS} monitors already, which is the limit; remove one first.`,
      );
    }
    const prepared = this.#options.open(spec, origin);
    const session = await this.#sessionFor(spec, origin, prepared);
    const started = await this.#startIn(session, prepared);
    const { events } = this;
    const { recordings, wallUs } = this.#options;
    const startedAtUs = wallUs();
    const monitor = new OwnedMonitor({
      spec,
      origin,
      opened: { ...prepared, monitor: started.monitor },
      events,
      session,
      standIn: started.standIn,
      recordings,
      startedAtUs,
    });
    this.#monitors.set(spec.name, monitor);
    await this.#answerForSlot(monitor);
    return monitor;
  }

  async #startIn(
    session: ActingSession | null,
    { open, kernel }: PreparedMonitor,
  ): Promise<{ readonly monitor: Monitor; readonly standIn: StandIn }> {
    try {
      const warn = (sentence: string) => this.events.add('warning', null, sentence);
      const standIn = kernel && standInForStat(kernel, session, warn);
      const monitor = await open(session === null ? undefined : (step) => session.record(step));
      await monitor.start();
      return { monitor, standIn: standIn && (await standIn()) };
    } catch (error) {
      await session?.close();
      throw error;
    }
  }

  /** Commands about a slot of the kernel ask its owner, so nothing changes behind our back. */
  async #answerForSlot(owned: OwnedMonitor): Promise<void> {
    const { slot, name, monitor, spec } = owned;
    if (slot === null) return;
    const commit = async (params: Params) => void (await this.commit(name, params));
    const stop = () => void this.remove(name).catch(() => {});
    const acts = spec.act === 'act';
    const server = await serveOwner(slotSocket(this.#options.stateDir, slot), (request) =>
      answerOwnerRequest({ monitor, params: owned.params, acts, commit, stop }, request),
    );
    void owned.over.then(() => server[Symbol.asyncDispose]());
  }

  async #perform(change: PlannedChange, spec: MonitorSpec | undefined): Promise<void> {
    const { monitor: name, action, details } = change;
    if (action === 'commit') await this.monitor(name).commit(spec!.params);
    if (action === 'remove' || action === 'replace') {
      await this.monitor(name).stop();
      this.#forget(name);
    }
    if (action === 'create' || action === 'replace') await this.#start(spec!, 'config');
    const type = ({ create: 'created', remove: 'removed' } as const)[action as 'create' | 'remove'];
    this.events.add(type ?? 'committed', name, `${details.join('; ')}.`);
  }

  /** What it has recorded stays, but not under its name. */
  #forget(name: string): void {
    this.#options.recordings?.retire(name);
    this.#monitors.delete(name);
  }

  /** Who acts on real memory, or runs in the kernel, has a journal and a guard; else null. */
  async #sessionFor(
    spec: MonitorSpec,
    origin: MonitorOrigin,
    prepared: PreparedMonitor,
  ): Promise<ActingSession | null> {
    const acts = spec.act === 'act';
    const usesKernel = prepared.kernel !== null;
    if (!acts && !usesKernel) return null;
    if (acts) checkMayAct(spec, origin);
    const { roots, stateDir } = this.#options;
    const session = await ActingSession.open({
      ...{ roots, stateDir, usesKernel, watchesOnly: !acts },
      description: `thermocline serve: monitor ${spec.name}`,
    });
    for (const text of prepared.steps(prepared.params)) session.record({ text, undo: null });
    return session;
  }

  #commit(name: string, written: (monitor: OwnedMonitor) => unknown): Promise<OwnedMonitor> {
    return this.#change(async () => {
      const monitor = this.monitor(name);
      const changes = await monitor.commit(written(monitor));
      this.#save();
      const what = changes.length === 0 ? 'nothing changes' : changes.join('; ');
      this.events.add('committed', name, `${name}: ${what}.`);
      return monitor;
    });
  }

  /** One change at a time, so that what is saved is what there is. */
  #change<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#lastChange.then(work, work);
    this.#lastChange = done.catch(() => {});
    return done;
  }

  #save(): void {
    const bootId = currentBootId();
    const made = this.monitors().filter(
      ({ origin, state }) => origin === 'api' && state !== 'ended',
    );
    this.#options.store.save(
      made.map((monitor) => ({
        ...{ spec: monitor.spec, paused: monitor.paused },
        ...{ bootId, startTicks: this.#ticksOf(monitor) },
      })),
    );
  }

  /** Of the processes that are named, whose numbers may be those of others after a restart. */
  #ticksOf({ spec: { watch }, params }: OwnedMonitor): Record<string, number> {
    const named = 'pids' in watch ? watch.pids : undefined;
    const targets = namesTargets(watch) ? params.targets.flatMap(({ pid }) => pid ?? []) : [];
    return Object.fromEntries((named ?? targets).map((pid) => [pid, this.#startTicks(pid) ?? 0]));
  }

  #startTicks(pid: number): number | undefined {
    return readProcessStat(this.#options.roots, pid)?.startTicks;
  }
}

/** Whether the targets are those of the parameters. */
function namesTargets(watch: Watch): boolean {
  return watch.kind === 'kernel' && !watch.pids && !watch.cgroup && !watch.physical;
}

/** Cgroups that kubelet or systemd make, and steer themselves. */
const MANAGED = /^\/*(kubepods|[^/]+\.slice|init\.scope)/;

/** Where somebody else steers, only the configuration can want us to act, too: by naming it. */
function checkMayAct({ watch }: MonitorSpec, origin: MonitorOrigin): void {
  const path = watch.kind === 'cgroup' ? watch.path : watch.kind === 'kernel' ? watch.cgroup : null;
  if (!path || origin === 'config' || !MANAGED.test(path)) return;
  throw new ThermoclineError(
    'TC_DENIED',
    `${path} is a cgroup of kubelet or systemd, which steer it themselves; to act on it all the ` +
      'same, name it in the configuration, or leave "act" out to see what would be done.',
  );
}
