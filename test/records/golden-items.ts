/** Items of a recording as JSON that people can read and edit: golden files hold it. */
import type { RecordItem } from '../../src/record/recording.ts';

const WIDE_FIELDS = new Set(['startNs', 'endNs', 'timeNs']);
const FLOAT_COLUMNS = new Set(['start', 'end', 'age', 'filterPassedBytes']);
const UINT_COLUMNS = new Set(['nrAccesses', 'probeHits']);

/** Columns as lists of their rows, bigints as texts. */
export function plainItem(item: RecordItem): unknown {
  const nrRegions = item.kind === 'snapshot' ? item.snapshot.nrRegions : 0;
  return JSON.parse(
    JSON.stringify(item, (key, value) => {
      if (typeof value === 'bigint') return String(value);
      if (!ArrayBuffer.isView(value)) return value;
      const column = value as Float64Array | Uint32Array;
      return Array.from(column.subarray(0, key === 'probeHits' ? nrRegions * 4 : nrRegions));
    }),
  );
}

/** The reverse. */
export function itemOf(plain: unknown): RecordItem {
  return JSON.parse(JSON.stringify(plain), (key, value) => {
    if (WIDE_FIELDS.has(key)) return BigInt(value);
    if (key === 'schemeStats' && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([name, text]) => [name, BigInt(text as string)]),
      );
    }
    if (!Array.isArray(value)) return value;
    if (FLOAT_COLUMNS.has(key)) return Float64Array.from(value);
    return UINT_COLUMNS.has(key) ? Uint32Array.from(value) : value;
  });
}
