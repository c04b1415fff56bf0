/** One column of a table of `Row`s. */
export interface TableColumn<Row> {
  readonly heading: string;
  readonly text: (row: Row) => string;
  /** Numbers stand right, so that their digits line up. @defaultValue left */
  readonly align?: 'left' | 'right';
}

/** Lines of plain text: the headings, then a line for each row; no blanks at their ends. */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
): string[] {
  const cells = [
    columns.map((column) => column.heading),
    ...rows.map((row) => columns.map((column) => column.text(row))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]!.length)));
  return cells.map((line) => {
    const padded = line.map((text, index) => {
      const width = widths[index]!;
      return columns[index]!.align === 'right' ? text.padStart(width) : text.padEnd(width);
    });
    return padded.join('  ').trimEnd();
  });
}
