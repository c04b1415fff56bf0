/** Writes a row for each region and snapshot; the columns are those of `docs/record-export.md`. */
import type { ItemSource, Series, SeriesSnapshot } from './recording.ts';
import { TextBytes } from './text-bytes.ts';

const HEADER =
  'series,kdamond,context,scheme,target_id,pid,start_ns,end_ns,sample_interval_us,' +
  'aggregation_interval_us,start,end,nr_accesses,age,filter_passed_bytes,' +
  'probe_hits_0,probe_hits_1,probe_hits_2,probe_hits_3\n';

const NR_PROBES = 4;

/** The text of all items, for RFC 4180: numbers only, and nothing where something is not known. */
export async function* writeCsv(items: ItemSource): AsyncGenerator<Uint8Array, void, undefined> {
  const out = new TextBytes();
  const series: Series[] = [];
  out.text(HEADER);
  for await (const batch of items) {
    for (const item of batch) {
      if (item.kind === 'series') series[item.index] = item.series;
      if (item.kind !== 'snapshot') continue;
      yield* snapshotText(out, item.snapshot, series[item.snapshot.seriesIndex]!);
    }
  }
  yield out.take();
}

function* snapshotText(
  out: TextBytes,
  snapshot: SeriesSnapshot,
  series: Series,
): Generator<Uint8Array> {
  const { age, filterPassedBytes, probeHits } = snapshot;
  const head = [
    ...[snapshot.seriesIndex, series.kdamondIndex, series.contextIndex, series.schemeIndex],
    ...[series.targetId, series.pid, snapshot.startNs, snapshot.endNs],
    ...[snapshot.sampleIntervalUs, snapshot.aggregationIntervalUs],
  ];
  const headText = `${head.map((cell) => cell ?? '').join(',')},`;
  for (let row = 0; row < snapshot.nrRegions; row++) {
    if (out.isFull) yield out.take();
    out.text(headText);
    out.number(snapshot.start[row]!);
    out.text(',');
    out.number(snapshot.end[row]!);
    out.text(',');
    out.number(snapshot.nrAccesses[row]!);
    out.text(',');
    if (age[row]! >= 0) out.number(age[row]!);
    out.text(',');
    if (filterPassedBytes !== null) out.number(filterPassedBytes[row]!);
    for (let probe = 0; probe < NR_PROBES; probe++) {
      out.text(',');
      if (probeHits !== null) out.number(probeHits[row * NR_PROBES + probe]!);
    }
    out.text('\n');
  }
}
