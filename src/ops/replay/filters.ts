import type { ChosenRegion } from '../../core/operations.ts';
import type { Filter } from '../../params/types.ts';

/**
 * Whether a scheme leaves alone what was touched since it last looked: by a filter of its own, or,
 * paging out physical memory, by the one that is implied (spec 3.3). A recording doesn't tell what
 * else filters ask of pages; such filters let all through.
 */
export function refusesYoung({ allowedByCore, scheme, target }: ChosenRegion): boolean {
  if (allowedByCore) return false;
  const young = scheme.filters.find(({ type }) => type === 'young');
  if (young === undefined) return scheme.action === 'pageout' && target.pid === undefined;
  return young.matching !== young.allow;
}

/** Whether a recording can't tell which pages a filter is about. */
export function isUndecidable({ type }: Filter): boolean {
  return type !== 'addr' && type !== 'target' && type !== 'young';
}
