import { alignDown, alignUp } from '../../base/arithmetic.ts';
import type { ChosenRegion, Outcome } from '../../core/operations.ts';
import type { Action, Scheme } from '../../params/types.ts';
import { type Actor, adviceFor } from './actor.ts';
import { passesFilters } from './filters.ts';
import type { MappingTable } from './mapping-table.ts';
import type { WatchedProcess } from './watched-process.ts';

/** Actions for memory that is not in use: they would hurt whatever is. */
const FOR_COLD_MEMORY: readonly Action[] = ['pageout', 'cold', 'migrate_cold'];

/** What `apply` needs besides the region itself. */
export interface ApplySurroundings {
  readonly watched: WatchedProcess;
  /** Null: nothing is acted on, regions are only counted. */
  readonly actor: Actor | null;
  /** By scheme, the node whose pages it migrates; empty: it migrates those of all nodes. */
  readonly fromNids: readonly number[];
  readonly aggregationIntervalUs: number;
  readonly pageSizeBytes: number;
}

/**
 * Applies a scheme to a region, mapping by mapping.
 *
 * Where in a mapping accesses were is unknown, so a cold region of a mapping that is in use may
 * hold its hottest pages. Actions for cold memory therefore take only mappings of which nothing was
 * touched for as long as the region has its age; others are left alone and count as tried.
 */
export function applyToRegion(
  region: ChosenRegion,
  outcome: Outcome,
  surroundings: ApplySurroundings,
): void {
  const { watched, actor, fromNids, aggregationIntervalUs, pageSizeBytes } = surroundings;
  const { table } = watched;
  const { action } = region.scheme;
  const { regions } = region.target;
  // The walk stands on the region that was chosen.
  const ageUs = regions.age[regions.cursor]! * aggregationIntervalUs;
  for (let row = 0; row < table.nr; row++) {
    const start = alignUp(Math.max(region.start, table.start[row]!), pageSizeBytes);
    const end = alignDown(Math.min(region.end, table.end[row]!), pageSizeBytes);
    if (start >= end || !table.isWatched(row) || !passesFilters(table, row, region)) continue;
    outcome.filterPassed += residentBytesIn(table, row, start, end, pageSizeBytes);
    if (actor === null || action === 'stat' || !hasWork(table, row, action)) continue;
    if (FOR_COLD_MEMORY.includes(action) && !restedFor(table, row, ageUs)) continue;
    const fromNid = fromNids[region.schemeIndex] ?? null;
    outcome.applied += act(actor, watched, start, end, region.scheme, fromNid);
  }
}

function act(
  actor: Actor,
  watched: WatchedProcess,
  start: number,
  end: number,
  scheme: Scheme,
  fromNid: number | null,
): number {
  const advice = adviceFor(scheme.action);
  if (advice !== null) return actor.advise(watched, start, end, advice);
  if (scheme.action === 'migrate_hot' || scheme.action === 'migrate_cold') {
    return actor.migrate(watched, start, end, scheme, fromNid);
  }
  return 0;
}

function restedFor(table: MappingTable, row: number, ageUs: number): boolean {
  return table.touchedBytes[row] === 0 && table.readAtUs - table.untouchedSinceUs[row]! >= ageUs;
}

/** Only `willneed` does something to memory that is not resident. */
function hasWork(table: MappingTable, row: number, action: Action): boolean {
  return action === 'willneed' || table.residentBytes[row]! > 0;
}

/** An even share of the mapping's resident bytes, since it is not known where they are. */
function residentBytesIn(
  table: MappingTable,
  row: number,
  start: number,
  end: number,
  pageSizeBytes: number,
): number {
  const share = (end - start) / (table.end[row]! - table.start[row]!);
  return alignDown(Math.round(table.residentBytes[row]! * share), pageSizeBytes);
}
