import { ThermoclineError } from '../../base/errors.ts';
import type { OperationsFilter } from '../../params/types.ts';

/** A property of pages. */
export type PageType = OperationsFilter extends infer F
  ? F extends OperationsFilter
    ? Omit<F, 'allow'>
    : never
  : never;

/** What `--pages` takes. */
const PAGE_TYPES: Readonly<Record<string, PageType>> = {
  anon: { type: 'anon', matching: true },
  file: { type: 'anon', matching: false },
  young: { type: 'young', matching: true },
  active: { type: 'active', matching: true },
  unmapped: { type: 'unmapped', matching: true },
  huge: { type: 'hugepage_size', matching: true, sizeBytes: { min: 2 ** 21, max: 'max' } },
};

/** Value of `--pages`, which may be repeated. */
export function addPageType(text: string, before: readonly PageType[] = []): PageType[] {
  const type = PAGE_TYPES[text];
  if (type !== undefined) return [...before, type];
  throw new ThermoclineError(
    'TC_INVALID',
    `--pages is "${text}"; write one of ${Object.keys(PAGE_TYPES).join(', ')}.`,
  );
}

/**
 * Filters that let through what is of all these types: the first match decides, so each but the
 * last keeps out what is not, and the last lets through the rest.
 */
export function pageFilters(types: readonly PageType[]): OperationsFilter[] {
  const last = types.length - 1;
  return types.map((type, index) => {
    const matching = index === last ? type.matching : !type.matching;
    return { ...type, matching, allow: index === last };
  });
}
