/**
 * Writes Parquet, a row for each region and snapshot; the columns are those of
 * `docs/record-export.md`. Rows are collected by the row group, so memory does not grow with the
 * recording.
 */
import type { ItemSource, Series, SeriesSnapshot } from './recording.ts';

/** Rows that are in memory at once. */
const GROUP_ROWS = 2 ** 16;
const NR_PROBES = 4;
/** Clocks that began at boot do not get here, those that began in 1970 did in 2001. */
const FIRST_EPOCH_NS = 10n ** 18n;

interface Column {
  readonly name: string;
  readonly type: 'INT32' | 'INT64' | 'DOUBLE' | 'BYTE_ARRAY';
  /** Spelled as in Parquet's own schema. */
  readonly converted_type?: 'UTF8' | 'TIMESTAMP_MICROS';
  readonly isRequired?: true;
}

const COLUMNS: readonly Column[] = [
  { name: 'series', type: 'INT32', isRequired: true },
  { name: 'kdamond', type: 'INT32' },
  { name: 'context', type: 'INT32' },
  { name: 'scheme', type: 'INT32' },
  { name: 'target_id', type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  { name: 'pid', type: 'INT32' },
  { name: 'time', type: 'INT64', converted_type: 'TIMESTAMP_MICROS' },
  { name: 'start_ns', type: 'INT64', isRequired: true },
  { name: 'end_ns', type: 'INT64', isRequired: true },
  { name: 'sample_interval_us', type: 'DOUBLE' },
  { name: 'aggregation_interval_us', type: 'DOUBLE' },
  { name: 'start', type: 'INT64', isRequired: true },
  { name: 'end', type: 'INT64', isRequired: true },
  { name: 'nr_accesses', type: 'INT64', isRequired: true },
  { name: 'age', type: 'INT64' },
  { name: 'filter_passed_bytes', type: 'INT64' },
  { name: 'probe_hits_0', type: 'INT64' },
  { name: 'probe_hits_1', type: 'INT64' },
  { name: 'probe_hits_2', type: 'INT64' },
  { name: 'probe_hits_3', type: 'INT64' },
];
const HEAD_COLUMNS = 11;

type Cell = number | bigint | string | null;

/** The file of all items. Its index comes last, so what is cut off can't be read. */
export async function* writeParquet(
  items: ItemSource,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({ writer: bytes, schema: schema(), createdBy: 'thermocline' });
  const series: Series[] = [];
  let cells = emptyColumns();
  const flush = (): Uint8Array => {
    const columnData = COLUMNS.map(({ name }, column) => ({ name, data: cells[column]! }));
    writer.write({ columnData, rowGroupSize: GROUP_ROWS });
    cells = emptyColumns();
    return taken(bytes);
  };
  for await (const batch of items) {
    for (const item of batch) {
      if (item.kind === 'series') series[item.index] = item.series;
      if (item.kind !== 'snapshot') continue;
      const { snapshot } = item;
      const head = headCells(snapshot, series[snapshot.seriesIndex]!);
      for (let row = 0; row < snapshot.nrRegions; row++) {
        addRow(cells, head, snapshot, row);
        if (cells[0]!.length === GROUP_ROWS) yield flush();
      }
    }
  }
  if (cells[0]!.length > 0) yield flush();
  writer.finish();
  yield taken(bytes);
}

function schema() {
  const columns = COLUMNS.map(({ isRequired, ...column }) => ({
    ...column,
    repetition_type: isRequired ? ('REQUIRED' as const) : ('OPTIONAL' as const),
  }));
  return [{ name: 'root', num_children: columns.length }, ...columns];
}

function emptyColumns(): Cell[][] {
  return COLUMNS.map(() => []);
}

/** What was written since the last time. Offsets go on counting. */
function taken(bytes: { getBuffer(): ArrayBuffer; index: number }): Uint8Array {
  const piece = new Uint8Array(bytes.getBuffer());
  bytes.index = 0;
  return piece;
}

function headCells(snapshot: SeriesSnapshot, series: Series): Cell[] {
  const { startNs, endNs } = snapshot;
  return [
    ...[snapshot.seriesIndex, series.kdamondIndex, series.contextIndex, series.schemeIndex],
    ...[series.targetId, series.pid],
    ...[endNs >= FIRST_EPOCH_NS ? endNs / 1000n : null, startNs, endNs],
    ...[snapshot.sampleIntervalUs, snapshot.aggregationIntervalUs],
  ];
}

function addRow(cells: Cell[][], head: readonly Cell[], snapshot: SeriesSnapshot, row: number) {
  for (let column = 0; column < HEAD_COLUMNS; column++) cells[column]!.push(head[column]!);
  const { age, filterPassedBytes, probeHits } = snapshot;
  let column = HEAD_COLUMNS;
  cells[column++]!.push(int64(snapshot.start[row]!));
  cells[column++]!.push(int64(snapshot.end[row]!));
  cells[column++]!.push(int64(snapshot.nrAccesses[row]!));
  cells[column++]!.push(age[row]! < 0 ? null : int64(age[row]!));
  cells[column++]!.push(filterPassedBytes === null ? null : int64(filterPassedBytes[row]!));
  for (let probe = 0; probe < NR_PROBES; probe++) {
    const hits = probeHits === null ? null : BigInt(probeHits[row * NR_PROBES + probe]!);
    cells[column++]!.push(hits);
  }
}

/** Signed, as most readers know no other: what is 2^63 or more wraps around. */
function int64(value: number): bigint {
  return BigInt.asIntN(64, BigInt(value));
}
