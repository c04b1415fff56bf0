/** What the benches share: their contract, a table for people, and figures of repeated rounds. */

/** What a bench found. */
export interface Report {
  /** The whole of stdout with `--json`. */
  readonly json: unknown;
  /** The table: a row of headings, then rows of cells. */
  readonly table: readonly (readonly string[])[];
  /** Sentences below the table. */
  readonly notes: readonly string[];
}

/** How much a bench may take on. */
export interface BenchOptions {
  /** Also what takes minutes. */
  readonly long: boolean;
  /** A scenario to run in place of the whole suite: a file, a folder or a name; null: the suite. */
  readonly file: string | null;
}

/**
 * One bench, the default export of its file. It measures two things in the same run, in turns, and
 * reports their ratio: a figure alone says more about the machine than about the code.
 */
export interface Bench {
  /** One sentence. */
  readonly about: string;
  /** @param progress prints a line on stderr */
  run(progress: (line: string) => void, options: BenchOptions): Promise<Report>;
}

/** Cells in columns as wide as needed: the first to the left, numbers to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

/** The value in the middle: a few rounds that something disturbed don't move it. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `12.3`, `0.45`, `1234`: three digits that mean something. */
export function formatFigure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** `12.3 %`, `0.45 %`. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(Math.abs(share) < 0.1 ? 2 : 1)} %`;
}
