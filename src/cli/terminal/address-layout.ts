/** A stretch of the address space that is shown, and how much room it gets beside the others. */
export interface ShownRange {
  readonly start: number;
  readonly end: number;
  /** What the room is shared by: usually its size, or what of it is in memory. */
  readonly weight: number;
  readonly name: string;
}

/** One row of a picture: the addresses that it stands for. */
export interface Band {
  readonly start: number;
  readonly end: number;
  /** The range that it is a part of. */
  readonly range: ShownRange;
  /** Its place among the bands of its range, from 0. */
  readonly indexInRange: number;
}

/**
 * Shares `nrRows` rows of `bandsPerRow` bands each among ranges by weight, in the order given. The
 * gaps between ranges take no room. A range has whole rows; one that is worth less than half a row
 * is left out.
 */
export function layOutBands(
  ranges: readonly ShownRange[],
  nrRows: number,
  bandsPerRow: number,
): Band[] {
  const kept = worthARow(ranges, nrRows);
  const rowCounts = shareOut(
    kept.map((range) => range.weight),
    nrRows,
  );
  const bands: Band[] = [];
  for (const [index, range] of kept.entries()) {
    const count = rowCounts[index]! * bandsPerRow;
    const boundary = (band: number) =>
      range.start + Math.floor(((range.end - range.start) * band) / count);
    for (let band = 0; band < count; band++) {
      bands.push({ start: boundary(band), end: boundary(band + 1), range, indexInRange: band });
    }
  }
  return bands;
}

/** Leaves out the lightest ranges until each of the rest has earned half a row at least. */
function worthARow(ranges: readonly ShownRange[], nrRows: number): ShownRange[] {
  const byWeight = ranges.filter((range) => range.weight > 0).sort((a, b) => b.weight - a.weight);
  let sum = 0;
  let kept = 0;
  for (const { weight } of byWeight) {
    if (kept === nrRows || weight * nrRows * 2 < sum + weight) break;
    sum += weight;
    kept += 1;
  }
  const chosen = new Set(byWeight.slice(0, kept));
  return ranges.filter((range) => chosen.has(range));
}

/** Splits `total` into whole parts of at least 1, near to the weights' shares. */
function shareOut(weights: readonly number[], total: number): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const exact = weights.map((weight) => (weight / sum) * total);
  const counts = exact.map((share) => Math.max(1, Math.floor(share)));
  let left = total - counts.reduce((a, b) => a + b, 0);
  // What rounding left over goes where most is missing; what it overdrew comes from the largest.
  for (; left > 0 && counts.length > 0; left--) {
    counts[indexOfLargest(exact.map((share, index) => share - counts[index]!))]! += 1;
  }
  for (; left < 0; left++) counts[indexOfLargest(counts)]! -= 1;
  return counts;
}

function indexOfLargest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}
