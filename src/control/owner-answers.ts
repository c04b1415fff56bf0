import { ThermoclineError } from '../base/errors.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { diffParams } from '../params/diff.ts';
import type { SchemeState } from '../params/snapshot.ts';
import type { Params } from '../params/types.ts';
import type { OwnerRequest, OwnerStatus, TuneAnswer } from './owner-requests.ts';

/** Whoever owns a slot, as far as requests go. */
export interface SlotOwner {
  readonly monitor: Monitor;
  /** What the user asked for, with what was changed since. */
  readonly params: Params;
  /** Whether schemes may be tuned to act. */
  readonly acts: boolean;
  /** Goes over to other parameters. */
  commit(params: Params): Promise<void>;
  /** Begins to end; is not waited for. */
  stop(): void;
}

/**
 * Answers one request for what runs in a slot.
 * @throws ThermoclineError for what can't be done
 */
export async function answerOwnerRequest(
  owner: SlotOwner,
  request: unknown,
): Promise<OwnerStatus | TuneAnswer> {
  const { ask, settings, dryRun } = request as Partial<Extract<OwnerRequest, { ask: 'tune' }>> & {
    ask?: string;
  };
  if (ask === 'tune') return await tune(owner, settings ?? [], dryRun === true);
  if (ask === 'status') return await status(owner);
  if (ask === 'stop') {
    owner.stop();
    return { changes: [] };
  }
  throw new ThermoclineError('TC_INVALID', 'The request is none of status, tune and stop.');
}

async function status({ monitor, params }: SlotOwner): Promise<OwnerStatus> {
  const [snapshot, stats] = [await monitor.snapshot(), await monitor.stats()];
  let watchedBytes = 0;
  let workingSetBytes = 0;
  for (let row = 0; row < snapshot.nrRegions; row++) {
    const size = snapshot.end[row]! - snapshot.start[row]!;
    watchedBytes += size;
    if (snapshot.nrAccesses[row]! > 0) workingSetBytes += size;
  }
  const { sampleIntervalUs, aggregationIntervalUs } = snapshot;
  return {
    params: { ...params, attrs: { ...params.attrs, sampleIntervalUs, aggregationIntervalUs } },
    notes: monitor.description.caveats,
    cost: stats.cost,
    warnings: stats.warnings,
    schemes: stats.schemes.map(countersOf),
    nrRegions: snapshot.nrRegions,
    watchedBytes,
    workingSetBytes,
  };
}

async function tune(
  owner: SlotOwner,
  settings: readonly string[],
  dryRun: boolean,
): Promise<TuneAnswer> {
  // Loaded when it is needed: the schema is large.
  const { parseParams } = await import('../params/parse.ts');
  const { resolveParams } = await import('../params/resolve.ts');
  const { parseFieldSetting, withField } = await import('../params/set-field.ts');
  const before = owner.params;
  let written: unknown = before;
  for (const setting of settings) written = withField(written, parseFieldSetting(setting));
  const after = resolveParams(parseParams(written, '--set'), 0);
  const acting = after.schemes.findIndex(({ action }) => action !== 'stat');
  if (acting >= 0 && !owner.acts) {
    throw new ThermoclineError(
      'TC_DENIED',
      `schemes[${acting}].action would be ${after.schemes[acting]!.action}, but what runs was ` +
        'started without the right to act; start it with --act, or act: act in the service.',
    );
  }
  const changes = diffParams(before, after);
  if (!dryRun && changes.length > 0) await owner.commit(after);
  return { changes };
}

function countersOf({ stats, effectiveQuotaBytes }: SchemeState): Record<string, string | null> {
  const counters = Object.entries(stats).map(([name, value]) => [name, String(value)] as const);
  const quota = effectiveQuotaBytes === null ? null : String(effectiveQuotaBytes);
  return { ...Object.fromEntries(counters), effectiveQuotaBytes: quota };
}
