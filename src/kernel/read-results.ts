/** What a kdamond has written into its files: regions, statistics, quotas (spec section 10). */
import type { SchemeStats, Snapshot } from '../params/snapshot.ts';
import { readValue, type SysfsReader, slotPath } from './sysfs-files.ts';

/** Columns of probe hits in a snapshot. */
const HITS_PER_ROW = 4;

/** A scheme whose walked regions make up (a part of) a snapshot. */
export interface TriedScheme {
  readonly schemeIndex: number;
  /**
   * The target that its regions are of. The files don't say, so with several targets each needs a
   * scheme with a filter for it.
   */
  readonly targetIndex: number;
}

/** What a snapshot needs that no file tells. */
export interface SnapshotFacts
  extends Pick<
    Snapshot,
    | 'timeUs'
    | 'wallTimeUs'
    | 'tick'
    | 'sampleIntervalUs'
    | 'aggregationIntervalUs'
    | 'windowSamples'
    | 'targetPids'
  > {
  /** Bytes in one core unit. */
  readonly addrUnit: number;
}

/** One row of `tried_regions`, as read. */
interface TriedRegion {
  readonly path: string;
  readonly targetIndex: number;
}

/**
 * The regions that the last `update_schemes_tried_regions` has left, in one walk of the folders of
 * `schemes`, which are in the order of their targets. Bytes that passed filters are null where the
 * kernel does not tell them.
 */
export function readTriedRegions(
  files: SysfsReader,
  slot: number,
  schemes: readonly TriedScheme[],
  facts: SnapshotFacts,
): Snapshot {
  const { addrUnit, ...moment } = facts;
  const rows = schemes.flatMap(({ schemeIndex, targetIndex }): TriedRegion[] => {
    const folder = schemePath(slot, schemeIndex, 'tried_regions');
    return numbersIn(files, folder).map((index) => ({ path: `${folder}/${index}`, targetIndex }));
  });
  const first = rows[0]?.path;
  const nrProbes = first === undefined ? 0 : numbersIn(files, `${first}/probes`).length;
  const tellsPassed = first !== undefined && files.exists(`${first}/sz_filter_passed`);
  const number = (path: string) => Number(readValue(files, path));

  const nrRegions = rows.length;
  const probeHits = nrProbes === 0 ? null : new Uint32Array(nrRegions * HITS_PER_ROW);
  const filterPassedBytes = tellsPassed ? new Float64Array(nrRegions) : null;
  const columns = {
    targetIndex: new Uint32Array(nrRegions),
    start: new Float64Array(nrRegions),
    end: new Float64Array(nrRegions),
    nrAccesses: new Uint32Array(nrRegions),
    age: new Uint32Array(nrRegions),
  };
  for (const [row, { path, targetIndex }] of rows.entries()) {
    columns.targetIndex[row] = targetIndex;
    columns.start[row] = number(`${path}/start`) * addrUnit;
    columns.end[row] = number(`${path}/end`) * addrUnit;
    columns.nrAccesses[row] = number(`${path}/nr_accesses`);
    columns.age[row] = number(`${path}/age`);
    if (filterPassedBytes) filterPassedBytes[row] = number(`${path}/sz_filter_passed`) * addrUnit;
    for (let probe = 0; probe < nrProbes; probe++) {
      probeHits![row * HITS_PER_ROW + probe] = number(`${path}/probes/${probe}/hits`);
    }
  }
  const { sampleIntervalUs, aggregationIntervalUs } = moment;
  const maxNrAccesses = Math.max(1, Math.floor(aggregationIntervalUs / (sampleIntervalUs || 1)));
  return { ...moment, maxNrAccesses, nrRegions, ...columns, probeHits, filterPassedBytes };
}

/**
 * Counters of a scheme as the last `update_schemes_stats` has left them; what this kernel does not
 * count is 0.
 * @param addrUnit bytes in one core unit
 */
export function readSchemeStats(
  files: SysfsReader,
  slot: number,
  schemeIndex: number,
  addrUnit: number,
): SchemeStats {
  const count = (name: string): bigint => {
    const path = schemePath(slot, schemeIndex, `stats/${name}`);
    return files.exists(path) ? BigInt(readValue(files, path)) : 0n;
  };
  const bytes = (name: string) => count(name) * BigInt(addrUnit);
  return {
    nrTried: count('nr_tried'),
    triedBytes: bytes('sz_tried'),
    nrApplied: count('nr_applied'),
    appliedBytes: bytes('sz_applied'),
    filterPassedBytes: bytes('sz_ops_filter_passed'),
    nrQuotaExceeds: count('qt_exceeds'),
    nrSnapshots: count('nr_snapshots'),
  };
}

/**
 * Bytes that the quota of a scheme allows in one window, as the last
 * `update_schemes_effective_quotas` has left them; null where the kernel does not tell.
 * @param addrUnit bytes in one core unit
 */
export function readEffectiveQuotaBytes(
  files: SysfsReader,
  slot: number,
  schemeIndex: number,
  addrUnit: number,
): bigint | null {
  const path = schemePath(slot, schemeIndex, 'quotas/effective_bytes');
  return files.exists(path) ? BigInt(readValue(files, path)) * BigInt(addrUnit) : null;
}

function schemePath(slot: number, schemeIndex: number, file: string): string {
  return slotPath(slot, `contexts/0/schemes/${schemeIndex}/${file}`);
}

/** The numbered folders in a folder, in order; none where it does not exist. */
function numbersIn(files: SysfsReader, folder: string): number[] {
  if (!files.exists(folder)) return [];
  const names = files.list(folder).filter((name) => /^\d+$/.test(name));
  return names.map(Number).sort((a, b) => a - b);
}
