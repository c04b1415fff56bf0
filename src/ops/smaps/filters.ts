import type { ChosenRegion } from '../../core/operations.ts';
import type { OperationsFilter } from '../../params/types.ts';
import type { MappingTable } from './mapping-table.ts';

/** Filters that can be decided for a whole mapping. */
export const KNOWN_FILTERS: readonly OperationsFilter['type'][] = ['anon', 'young'];

/**
 * Whether a mapping passes the operations filters of the scheme (spec 5.6): the first that matches
 * decides. A mapping of which a filter can't be answered as a whole is kept out.
 */
export function passesFilters(table: MappingTable, row: number, region: ChosenRegion): boolean {
  if (region.allowedByCore) return true;
  for (const filter of region.scheme.filters) {
    if (filter.type === 'addr' || filter.type === 'target') continue;
    const has = property(table, row, filter.type);
    if (has === null) return false;
    if (has === filter.matching) return filter.allow;
  }
  return !region.rejectUnmatched;
}

/** Null: true of a part of the mapping only, or unknown. */
function property(
  table: MappingTable,
  row: number,
  type: OperationsFilter['type'],
): boolean | null {
  if (type === 'young') return table.touchedBytes[row]! > 0;
  return type === 'anon' ? isAnonymous(table, row) : null;
}

/** Private file mappings hold both, once they were written to. */
function isAnonymous(table: MappingTable, row: number): boolean | null {
  const anonymous = table.anonymousBytes[row]! + table.swappedBytes[row]!;
  const all = table.residentBytes[row]! + table.swappedBytes[row]!;
  if (anonymous === all) return all > 0 || table.inode[row] === 0;
  return anonymous === 0 ? false : null;
}
