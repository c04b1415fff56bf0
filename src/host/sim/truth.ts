/**
 * What is really accessed, as plain data: for judging what a monitor says, never for the monitor.
 */
import { PAGE_SIZE } from './page.ts';
import type { SimProcess, SimVma } from './process.ts';
import type { RatePiece } from './workload.ts';

/** Above this, popularity that is shuffled page by page is given as its average. */
const MAX_ITEMS = 2 ** 20;

/** Bytes [start, end) of a process whose pages are all accessed so often. */
export interface TruthExtent {
  readonly start: number;
  readonly end: number;
  /** To each page. */
  readonly accessesPerSecond: number;
}

/** The truth about one process. */
export interface ProcessTruth {
  readonly pid: number;
  /** In address order; everything that is mapped. */
  readonly extents: readonly TruthExtent[];
}

/** The truth about one process at this moment. */
export function processTruth(process: SimProcess): ProcessTruth {
  const extents = process.vmas.flatMap((vma) =>
    vma.rates.pieces.flatMap((piece) => pieceTruth(vma, piece)),
  );
  return { pid: process.pid, extents };
}

function pieceTruth(vma: SimVma, piece: RatePiece): TruthExtent[] {
  const extent = (start: number, end: number, rate: number) => ({
    start: vma.start + start * PAGE_SIZE,
    end: vma.start + end * PAGE_SIZE,
    accessesPerSecond: rate * vma.process.speed,
  });
  const { skew } = vma.rates;
  if (!piece.skewed || skew === null) return [extent(piece.start, piece.end, piece.rate)];
  if (skew.zipf.count > MAX_ITEMS) {
    return [extent(piece.start, piece.end, piece.rate + skew.meanRate)];
  }
  const result: TruthExtent[] = [];
  for (let page = piece.start; page < piece.end; ) {
    const into = (page - skew.start) % skew.itemPages;
    const end = Math.min(piece.end, page + skew.itemPages - into);
    result.push(extent(page, end, piece.rate + skew.rateAt(page)));
    page = end;
  }
  return result;
}
