/** The same schemes with their actions replaced by `stat`, and how that differs from acting. */
import { DEFAULT_SCHEME, NO_QUOTA } from '../params/defaults.ts';
import type { AddressRange, BoundRange, Filter, Params, Scheme } from '../params/types.ts';

/** Physical memory is looked at by so many stripes, so that it is known where what was found is. */
const NR_STRIPES = 16;
/** No region has this age. */
const NEVER: BoundRange = { min: 'max', max: 'max' };
const PAGE_BYTES = 4096;
const NO_ANON: Filter = { type: 'anon', matching: true, allow: false };
/** No address is above it. */
const LAST_ADDRESS = 2 ** 52;

/**
 * Parameters that only count what `params` would act on.
 *
 * A scheme that pages out what its filters find idle begins the age of a region anew each time, and
 * so comes by once in a cold age. One that counts does not: it would look at the same pages in each
 * window, and find them idle since the last one. So where pages are looked at one by one, schemes
 * behind all others do that, one for each stripe of memory, when they are told to; the last one
 * finds out how much of it belongs to files, which take longer to come back than compressed swap.
 * @param looks whether they are
 */
export function shadowParams(params: Params, looks = false): Params {
  const index = lookerIndex(params);
  const schemes = params.schemes.map((scheme): Scheme => {
    const pattern = index === null ? scheme.pattern : { ...scheme.pattern, age: NEVER };
    return { ...scheme, action: 'stat', pattern };
  });
  if (index === null) return { ...params, schemes };
  const taker = params.schemes[index]!;
  const stripes = stripesOf(params).map(
    ({ start, end }): Scheme => ({
      ...taker,
      action: 'stat',
      pattern: { ...DEFAULT_SCHEME.pattern, ...(looks ? {} : { age: NEVER }) },
      filters: [...outside(0, start), ...outside(end, LAST_ADDRESS), ...taker.filters],
      quota: NO_QUOTA,
    }),
  );
  // Their bits are cleared by then, so that of all pages in use, those of files pass.
  const files: Scheme = { ...stripes[0]!, filters: [NO_ANON, ...taker.filters] };
  return { ...params, schemes: [...schemes, ...stripes, files] };
}

/**
 * Parts of the memory that is watched, of equal sizes, for each of which a shadow of `params` has a
 * scheme behind all others; none where it does not look at pages.
 */
export function stripesOf(params: Params): readonly AddressRange[] {
  if (lookerIndex(params) === null) return [];
  const ranges = params.targets.flatMap(({ regions }) => regions);
  const bytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const edges = [0];
  let before = 0;
  for (const { start, end } of ranges) {
    for (;;) {
      const wanted = (bytes * edges.length) / NR_STRIPES - before;
      if (edges.length === NR_STRIPES || wanted >= end - start) break;
      edges.push(Math.floor((start + wanted) / PAGE_BYTES) * PAGE_BYTES);
    }
    before += end - start;
  }
  return edges.map((start, at) => ({ start, end: edges[at + 1] ?? LAST_ADDRESS }));
}

/** The scheme that takes single pages which were idle, if there is one. */
function lookerIndex({ operations, schemes }: Params): number | null {
  const index = schemes.findIndex(
    ({ action, filters }) =>
      action === 'pageout' &&
      operations === 'paddr' &&
      filters.some(({ type }) => type === 'young'),
  );
  return index < 0 ? null : index;
}

function outside(start: number, end: number): Filter[] {
  return start < end ? [{ type: 'addr', matching: true, allow: false, range: { start, end } }] : [];
}

/** In what a shadow of `params` is not the real thing; nothing where nothing would leave. */
export function shadowDifferences({ schemes }: Params): readonly string[] {
  return schemes.some(({ action }) => action === 'pageout') ? DIFFERENCES : [];
}

const DIFFERENCES: readonly string[] = [
  'Nothing leaves, so a region keeps its age; what would have left is kept in a ledger of idle memory ' +
    'instead, within the same quota.',
  'What comes back is reckoned: of physical memory, by how many pages were touched between two looks at all of ' +
    'them; of a process, by region, one access counting for all of it that would be out.',
  'Nobody waits for memory that never left: pressure does not answer, so the rate is not slowed down by it; ' +
    'what came back is turned into the stall that it would have cost.',
];
