import { ThermoclineError } from '../../base/errors.ts';
import type { MonitorView, StatsAnswer } from '../../client/api-types.ts';
import type { ThermoclineClient } from '../../client/client.ts';
import type {
  MappingView,
  Monitor,
  MonitorDescription,
  MonitorEnd,
  MonitorStats,
} from '../../monitor/monitor.ts';
import type { SchemeFigures } from '../../params/scheme-figures.ts';
import type { SchemeState, Snapshot } from '../../params/snapshot.ts';
import type { Params } from '../../params/types.ts';

/**
 * A monitor that a service owns, behind the contract of all monitors, so that every view of the
 * command line shows it. Leaving it leaves it as it is.
 */
export class ServiceMonitor implements Monitor {
  readonly description: MonitorDescription;
  readonly params: Params;
  readonly ended: Promise<MonitorEnd>;
  readonly #client: ThermoclineClient;
  readonly #name: string;
  readonly #left = new AbortController();

  /** @param view what the service has told of it */
  constructor(client: ThermoclineClient, view: MonitorView) {
    const { name, kind, operationsSet, resolution, caveats, params } = view;
    this.#client = client;
    this.#name = name;
    this.description = { kind, operationsSet, resolution, caveats, capabilities: [] };
    this.params = params;
    this.ended = this.#waitForEnd();
  }

  /** @throws ThermoclineError TC_NOT_FOUND for a name that the service doesn't know */
  static async attach(client: ThermoclineClient, name: string): Promise<ServiceMonitor> {
    return new ServiceMonitor(client, await client.monitor(name));
  }

  async start(): Promise<void> {}

  async commit(params: Params): Promise<void> {
    await this.#client.commit(this.#name, params);
  }

  async setGoalValue(schemeIndex: number, goalIndex: number, value: number): Promise<void> {
    await this.#client.feedGoal(this.#name, { schemeIndex, goalIndex, value });
  }

  async snapshot(): Promise<Snapshot> {
    return (await this.#client.snapshot(this.#name)).snapshot;
  }

  async stats(): Promise<MonitorStats> {
    return statsOf(await this.#client.stats(this.#name, { limit: 0 }));
  }

  async *snapshots(): AsyncGenerator<Snapshot> {
    const { signal } = this.#left;
    for await (const { snapshot } of this.#client.stream(this.#name, { signal })) yield snapshot;
  }

  async pause(): Promise<void> {
    await this.#client.pause(this.#name);
  }

  async resume(): Promise<void> {
    await this.#client.resume(this.#name);
  }

  /** Leaves the monitor; only its service stops it. */
  async stop(): Promise<void> {
    this.#left.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #waitForEnd(): Promise<MonitorEnd> {
    try {
      for await (const _ of this.snapshots()) if (this.#left.signal.aborted) break;
      const { state, message } = await this.#client.monitor(this.#name);
      return { reason: state === 'failed' ? 'failed' : 'stopped', message };
    } catch (error) {
      if (this.#left.signal.aborted) return { reason: 'stopped', message: 'Left.' };
      const isRemoved = error instanceof ThermoclineError && error.code === 'TC_NOT_FOUND';
      return { reason: 'stopped', message: isRemoved ? 'Stopped.' : (error as Error).message };
    }
  }
}

function statsOf({ cost, mappings, warnings, dryRunCalls, now }: StatsAnswer): MonitorStats {
  const known = mappings.filter(({ residentBytes }) => residentBytes !== null);
  return {
    tick: 0,
    schemes: now.schemes.map(schemeState),
    cost,
    mappings: known as readonly MappingView[],
    warnings,
    dryRunCalls,
  };
}

/** Counters as far as JSON has them. */
function schemeState(point: SchemeFigures): SchemeState {
  const { effectiveQuotaBytes, active, goalValues } = point;
  return {
    stats: {
      nrTried: BigInt(point.nrTried),
      triedBytes: BigInt(point.triedBytes),
      nrApplied: BigInt(point.nrApplied),
      appliedBytes: BigInt(point.appliedBytes),
      filterPassedBytes: BigInt(point.filterPassedBytes),
      nrQuotaExceeds: BigInt(point.nrQuotaExceeds),
      nrSnapshots: BigInt(point.nrSnapshots),
    },
    effectiveQuotaBytes: effectiveQuotaBytes === null ? null : BigInt(effectiveQuotaBytes),
    active,
    goalValues,
  };
}
