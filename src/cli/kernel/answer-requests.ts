import { ThermoclineError } from '../../base/errors.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import { diffParams } from '../../params/diff.ts';
import type { SchemeState } from '../../params/snapshot.ts';
import type { Params } from '../../params/types.ts';
import type { OwnerRequest, OwnerStatus, TuneAnswer } from './owner-requests.ts';

/** Answers requests for a monitor that runs, and keeps what it was asked to do. */
export class OwnerAnswers {
  readonly #monitor: Monitor;
  /** Whether schemes may be tuned to act. */
  readonly #acts: boolean;
  #params: Params;

  constructor(monitor: Monitor, params: Params, acts: boolean) {
    this.#monitor = monitor;
    this.#params = params;
    this.#acts = acts;
  }

  /** @throws ThermoclineError for what can't be done */
  async answer(request: unknown): Promise<OwnerStatus | TuneAnswer> {
    const { ask, settings, dryRun } = request as Partial<Extract<OwnerRequest, { ask: 'tune' }>> & {
      ask?: string;
    };
    if (ask === 'tune') return await this.#tune(settings ?? [], dryRun === true);
    if (ask === 'status') return await this.#status();
    throw new ThermoclineError('TC_INVALID', 'The request is neither status nor tune.');
  }

  async #status(): Promise<OwnerStatus> {
    const [snapshot, stats] = [await this.#monitor.snapshot(), await this.#monitor.stats()];
    let watchedBytes = 0;
    let workingSetBytes = 0;
    for (let row = 0; row < snapshot.nrRegions; row++) {
      const size = snapshot.end[row]! - snapshot.start[row]!;
      watchedBytes += size;
      if (snapshot.nrAccesses[row]! > 0) workingSetBytes += size;
    }
    const { sampleIntervalUs, aggregationIntervalUs } = snapshot;
    const attrs = { ...this.#params.attrs, sampleIntervalUs, aggregationIntervalUs };
    return {
      params: { ...this.#params, attrs },
      notes: this.#monitor.description.caveats,
      cost: stats.cost,
      warnings: stats.warnings,
      schemes: stats.schemes.map(countersOf),
      nrRegions: snapshot.nrRegions,
      watchedBytes,
      workingSetBytes,
    };
  }

  async #tune(settings: readonly string[], dryRun: boolean): Promise<TuneAnswer> {
    // Loaded when it is needed: the schema is large.
    const { parseParams } = await import('../../params/parse.ts');
    const { resolveParams } = await import('../../params/resolve.ts');
    const { parseFieldSetting, withField } = await import('../../params/set-field.ts');
    const before = this.#params;
    let written: unknown = before;
    for (const setting of settings) written = withField(written, parseFieldSetting(setting));
    const after = resolveParams(parseParams(written, '--set'), 0);
    const acting = after.schemes.findIndex(({ action }) => action !== 'stat');
    if (acting >= 0 && !this.#acts) {
      throw new ThermoclineError(
        'TC_DENIED',
        `schemes[${acting}].action would be ${after.schemes[acting]!.action}, but what runs was ` +
          'started without --act; start it with --act.',
      );
    }
    const changes = diffParams(before, after);
    if (dryRun || changes.length === 0) return { changes };
    await this.#monitor.commit(after);
    this.#params = after;
    return { changes };
  }
}

function countersOf({ stats, effectiveQuotaBytes }: SchemeState): Record<string, string | null> {
  const counters = Object.entries(stats).map(([name, value]) => [name, String(value)] as const);
  const quota = effectiveQuotaBytes === null ? null : String(effectiveQuotaBytes);
  return { ...Object.fromEntries(counters), effectiveQuotaBytes: quota };
}
