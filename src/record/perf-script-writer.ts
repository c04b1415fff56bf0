/**
 * Writes the text that `perf script` prints of DAMON's trace points, for damo and for scripts. The
 * format has no intervals and no start times: a reader takes the end of the snapshot before.
 */
import type { ItemSource, Series, SeriesSnapshot } from './recording.ts';
import { TextBytes } from './text-bytes.ts';

interface Written {
  readonly series: Series;
  nrSnapshots: number;
  firstStartNs: bigint;
  firstEndNs: bigint;
  sampleIntervalUs: number | null;
}

/** The text of all items. */
export async function* writePerfScript(
  items: ItemSource,
): AsyncGenerator<Uint8Array, void, undefined> {
  const out = new TextBytes();
  const written: Written[] = [];
  for await (const batch of items) {
    for (const item of batch) {
      if (item.kind === 'series') {
        const { series, index } = item;
        const times = { nrSnapshots: 0, firstStartNs: 0n, firstEndNs: 0n };
        const sampleIntervalUs = series.intervals?.sampleIntervalUs ?? null;
        written[index] = { series, ...times, sampleIntervalUs };
      }
      if (item.kind === 'snapshot') {
        yield* snapshotText(out, item.snapshot, written[item.snapshot.seriesIndex]!);
      }
    }
  }
  for (const one of written) if (one.nrSnapshots === 1) fakeSnapshotText(out, one);
  yield out.take();
}

function* snapshotText(
  out: TextBytes,
  snapshot: SeriesSnapshot,
  written: Written,
): Generator<Uint8Array> {
  const { startNs, endNs, nrRegions, start, end, nrAccesses, age, sampleIntervalUs } = snapshot;
  if (written.nrSnapshots === 0) {
    written.firstStartNs = startNs;
    written.firstEndNs = endNs;
  }
  written.nrSnapshots += 1;
  if (sampleIntervalUs !== null && sampleIntervalUs !== written.sampleIntervalUs) {
    // Tunings hold from the end of an interval on, which is the start of this one.
    const name = 'damon:damon_monitor_intervals_tune';
    out.text(`${prefix(written.series, startNs)}${name}: sample_us=${sampleIntervalUs}\n`);
    written.sampleIntervalUs = sampleIntervalUs;
  }
  const head = `${prefix(written.series, endNs)}${eventText(written.series, nrRegions)} `;
  for (let row = 0; row < nrRegions; row++) {
    if (out.isFull) yield out.take();
    out.text(head);
    out.number(start[row]!);
    out.text('-');
    out.number(end[row]!);
    out.text(': ');
    out.number(nrAccesses[row]!);
    if (age[row]! >= 0) {
      out.text(' ');
      out.number(age[row]!);
    }
    out.text('\n');
  }
}

/**
 * From the times of one snapshot nobody could tell its start. So damo writes a second one as long,
 * with a region that can't be, and drops it when reading.
 */
function fakeSnapshotText(out: TextBytes, { series, firstStartNs, firstEndNs }: Written): void {
  const endNs = firstEndNs + (firstEndNs - firstStartNs);
  out.text(`${prefix(series, endNs)}${eventText(series, 1)} 0-0: -1 -1\n`);
}

function prefix({ kdamondIndex }: Series, timeNs: bigint): string {
  const digits = timeNs.toString().padStart(10, '0');
  const time = `${digits.slice(0, -9)}.${digits.slice(-9)}`;
  return `kdamond.${kdamondIndex ?? 'x'} xxxx xxxx ${time}: `;
}

function eventText({ contextIndex, schemeIndex, targetId }: Series, nrRegions: number): string {
  if (schemeIndex === null) {
    return `damon:damon_aggregated: target_id=${targetId ?? 0} nr_regions=${nrRegions}`;
  }
  return (
    `damon:damos_before_apply: ctx_idx=${contextIndex ?? 0} scheme_idx=${schemeIndex} ` +
    `target_idx=${targetId ?? 0} nr_regions=${nrRegions}`
  );
}
