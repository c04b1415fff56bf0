/**
 * Writes damo's JSON, with the white space that damo writes. Where damo rounds (`143.027 MiB` of
 * bytes that passed filters) exact digits are written, which damo reads just as well.
 */
import type {
  ItemSource,
  RecordingOrigin,
  Series,
  SeriesIntervals,
  SeriesSnapshot,
} from './recording.ts';
import { TextBytes } from './text-bytes.ts';

/** What it is called with: the series by index, and where the recording came from. */
interface Heads {
  origin: RecordingOrigin | null;
  readonly series: Series[];
}

/**
 * The JSON text. All snapshots of a series stand together in it, so the items are read again for
 * further series: once more if series follow each other in them, else once more for each.
 * @param open gives the items from the start, each time
 */
export async function* writeDamoJson(
  open: () => ItemSource,
): AsyncGenerator<Uint8Array, void, undefined> {
  const out = new TextBytes();
  const order = new SeriesOrder();
  out.text('[');
  const heads = yield* writeSeries(open(), out, 0, 0, order);
  const last = heads.series.length - 1;
  if (order.isGrouped) {
    if (last > 0) yield* writeSeries(open(), out, 1, last, null);
  } else {
    for (let index = 1; index <= last; index++) yield* writeSeries(open(), out, index, index, null);
  }
  out.text(last < 0 ? ']' : '\n]');
  yield out.take();
}

/** Whether each series begins after the one before has ended. */
class SeriesOrder {
  isGrouped = true;
  #latest = -1;

  see(seriesIndex: number): void {
    if (seriesIndex < this.#latest) this.isGrouped = false;
    this.#latest = seriesIndex;
  }
}

/** Writes the series from `first` to `last`, which follow each other in the items. */
async function* writeSeries(
  items: ItemSource,
  out: TextBytes,
  first: number,
  last: number,
  order: SeriesOrder | null,
): AsyncGenerator<Uint8Array, Heads, undefined> {
  const heads: Heads = { origin: null, series: [] };
  let current = first - 1;
  let nrSnapshots = 0;
  for await (const batch of items) {
    for (const item of batch) {
      if (item.kind === 'origin') heads.origin = item.origin;
      else if (item.kind === 'series') heads.series[item.index] = item.series;
      if (item.kind !== 'snapshot') continue;
      const { seriesIndex } = item.snapshot;
      order?.see(seriesIndex);
      if (seriesIndex < first || seriesIndex > last) continue;
      if (seriesIndex !== current) {
        for (; current < seriesIndex; current++)
          nextRecord(out, heads, current, first, nrSnapshots);
        nrSnapshots = 0;
      }
      yield* snapshotText(out, item.snapshot, heads.series[seriesIndex]!, nrSnapshots === 0);
      nrSnapshots += 1;
    }
  }
  // Series without snapshots are there all the same.
  const end = Math.min(last, heads.series.length - 1);
  for (; current < end; current++) {
    nextRecord(out, heads, current, first, nrSnapshots);
    nrSnapshots = 0;
  }
  if (current >= first) closeRecord(out, nrSnapshots);
  return heads;
}

/** Closes the record of series `current`, if one is open, and opens that of the next series. */
function nextRecord(
  out: TextBytes,
  heads: Heads,
  current: number,
  first: number,
  nrSnapshots: number,
): void {
  if (current >= first) closeRecord(out, nrSnapshots);
  openRecord(out, heads.series[current + 1]!, heads.origin?.source ?? null, current + 1 === 0);
}

function openRecord(out: TextBytes, series: Series, source: string | null, isFirst: boolean): void {
  const { kdamondIndex, contextIndex, schemeIndex, targetId, intervals, filters } = series;
  out.text(`${isFirst ? '' : ','}\n    {`);
  out.text(`\n        "kdamond_idx": ${kdamondIndex},\n        "context_idx": ${contextIndex},`);
  out.text(`\n        "intervals": ${indented(intervals && intervalsForm(intervals), 8)},`);
  out.text(`\n        "scheme_idx": ${schemeIndex},\n        "target_id": ${targetId},`);
  out.text(`\n        "scheme_filters": ${indented(filters, 8)},`);
  if (source !== null) out.text(`\n        "data_source": ${ascii(JSON.stringify(source))},`);
  out.text('\n        "snapshots": [');
}

function closeRecord(out: TextBytes, nrSnapshots: number): void {
  out.text(nrSnapshots === 0 ? ']\n    }' : '\n        ]\n    }');
}

function intervalsForm(intervals: SeriesIntervals): unknown {
  const { goal } = intervals;
  return {
    sample_us: String(intervals.sampleIntervalUs),
    aggr_us: String(intervals.aggregationIntervalUs),
    ops_update_us: String(intervals.operationsUpdateIntervalUs),
    intervals_goal: {
      access_bp: (goal?.accessBp ?? 0).toFixed(6),
      aggrs: String(goal?.aggregations ?? 0),
      min_sample_us: String(goal?.minSampleIntervalUs ?? 0),
      max_sample_us: String(goal?.maxSampleIntervalUs ?? 0),
    },
  };
}

function* snapshotText(
  out: TextBytes,
  snapshot: SeriesSnapshot,
  series: Series,
  isFirst: boolean,
): Generator<Uint8Array> {
  const { nrRegions, start, end, schemeStats } = snapshot;
  out.text(`${isFirst ? '' : ','}\n            {`);
  out.text(`\n                "start_time": "${snapshot.startNs}",`);
  out.text(`\n                "end_time": "${snapshot.endNs}",`);
  out.text('\n                "regions": [');
  let totalBytes = 0;
  for (let row = 0; row < nrRegions; row++) {
    if (out.isFull) yield out.take();
    regionText(out, snapshot, row);
    totalBytes += end[row]! - start[row]!;
  }
  out.text(`${nrRegions > 0 ? '\n                ' : ''}],`);
  out.text(`\n                "total_bytes": "${BigInt(totalBytes)}"`);
  if (schemeStats !== null) {
    const form = Object.fromEntries(
      Object.entries(schemeStats).map(([name, counter]) => [name, String(counter)]),
    );
    out.text(`,\n                "damos_stats": ${indented(form, 16)}`);
  }
  if (hasOwnInterval(snapshot, series)) {
    out.text(`,\n                "sample_interval_us": "${snapshot.sampleIntervalUs}"`);
  }
  out.text('\n            }');
}

/** Whether the interval of the snapshot is not to be had from its record. */
function hasOwnInterval({ sampleIntervalUs }: SeriesSnapshot, { intervals }: Series): boolean {
  if (sampleIntervalUs === null) return false;
  const isTuned = intervals === null || intervals.goal !== null;
  return isTuned || sampleIntervalUs !== intervals.sampleIntervalUs;
}

function regionText(out: TextBytes, snapshot: SeriesSnapshot, row: number): void {
  const { age, filterPassedBytes, probeHits } = snapshot;
  out.text(row > 0 ? NEXT_REGION : FIRST_REGION);
  out.groupedNumber(snapshot.start[row]!);
  out.text(BEFORE_END);
  out.groupedNumber(snapshot.end[row]!);
  out.text(BEFORE_SAMPLES);
  out.number(snapshot.nrAccesses[row]!);
  if (age[row]! < 0) out.text(WITHOUT_AGE);
  else {
    out.text(BEFORE_AGE);
    out.groupedNumber(age[row]!);
    out.text(AFTER_AGE);
  }
  if (probeHits !== null) {
    out.text(`,\n                        "probe_hits": `);
    out.text(indented(Array.from(probeHits.subarray(row * 4, row * 4 + 4)), 24));
  }
  if (filterPassedBytes !== null) {
    out.text(BEFORE_FILTER_PASSED);
    out.number(filterPassedBytes[row]!);
    out.text('"');
  }
  out.text('\n                    }');
}

const FIRST_REGION = `
                    {
                        "start": "`;
const NEXT_REGION = `,${FIRST_REGION}`;
const BEFORE_END = `",
                        "end": "`;
const BEFORE_SAMPLES = `",
                        "nr_accesses": {
                            "samples": `;
const BEFORE_AGE = `,
                            "percent": null
                        },
                        "age": {
                            "usec": null,
                            "aggr_intervals": "`;
const AFTER_AGE = `"
                        }`;
const WITHOUT_AGE = `${BEFORE_AGE.slice(0, -1)}null
                        }`;
const BEFORE_FILTER_PASSED = `,
                        "sz_filter_passed": "`;

/** JSON with damo's white space, standing in a line that is indented by `spaces`. */
function indented(value: unknown, spaces: number): string {
  return ascii(JSON.stringify(value, null, 4)).replaceAll('\n', `\n${' '.repeat(spaces)}`);
}

/** Escapes what is not ASCII, as damo does. */
function ascii(json: string): string {
  return json.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
