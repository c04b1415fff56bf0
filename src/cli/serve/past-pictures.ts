/** Pictures out of the recordings of a service. */
import { statSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { intervalsInForce, maxSamplesOf } from '../../analysis/intervals-in-force.ts';
import { ThermoclineError } from '../../base/errors.ts';
import type { SnapshotFrame } from '../../client/snapshot-frame.ts';
import type { Snapshot } from '../../params/snapshot.ts';
import type { ItemSource, Series, SeriesSnapshot } from '../../record/recording.ts';
import { readTcr } from '../../record/tcr-reader.ts';
import { SpanKeeper, thinned } from '../../service/history/thinned.ts';
import type { TimeRange } from '../../service/history/time-range.ts';
import { nodeCodec, openFile } from '../record-files.ts';

/**
 * Pictures of the range, all of them or every so many, of which `timeUs` is the recording's.
 * @param files by time, the oldest first
 * @returns fewer than twice as many as the range's limit
 */
export async function pastPictures(
  files: readonly string[],
  range: TimeRange,
): Promise<SnapshotFrame[]> {
  // What was written last is no older than what is asked for.
  const able = files.filter((file) => {
    const there = statSync(file, { throwIfNoEntry: false });
    return there !== undefined && there.mtimeMs * 1000 >= range.fromUs;
  });
  const found = new EveryNth(range.limit);
  for (const file of able) {
    for await (const window of windowsOf(file)) {
      const timeUs = Number(window.endNs) / 1000;
      if (timeUs > range.toUs) return found.frames();
      if (timeUs >= range.fromUs) found.pass(window);
    }
  }
  return found.frames();
}

/** How many will come is not known, so whenever there are too many half of them go. */
class EveryNth {
  readonly #limit: number;
  readonly #keeper = new SpanKeeper();
  #frames: SnapshotFrame[] = [];
  #nth = 1;
  #nrPassed = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  pass(window: Window): void {
    const timeUs = Number(window.endNs) / 1000;
    this.#keeper.pass(timeUs, timeUs - Number(window.startNs) / 1000);
    this.#nrPassed += 1;
    if (this.#nrPassed % this.#nth !== 0) return;
    this.#frames.push({ spanUs: this.#keeper.keep(), snapshot: snapshotOf(window) });
    if (this.#frames.length < 2 * this.#limit) return;
    this.#frames = thinned(this.#frames, ({ snapshot }) => snapshot.timeUs, this.#limit);
    this.#nth *= 2;
  }

  frames(): SnapshotFrame[] {
    return this.#frames;
  }
}

/** What all targets showed at one moment. Valid until the next one is asked for. */
interface Window {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly series: readonly Series[];
  /** A part for each target that had regions, with the index of its series. */
  readonly parts: readonly SeriesSnapshot[];
}

async function* windowsOf(file: string): AsyncGenerator<Window> {
  const series: Series[] = [];
  for await (const batch of readable(file)) {
    let parts: SeriesSnapshot[] = [];
    for (const item of batch) {
      if (item.kind === 'series') series[item.index] = item.series;
      if (item.kind !== 'snapshot') continue;
      if (parts.length > 0 && parts[0]!.endNs !== item.snapshot.endNs) {
        yield windowOf(series, parts);
        parts = [];
      }
      parts.push(item.snapshot);
    }
    if (parts.length > 0) yield windowOf(series, parts);
    // Between two batches others get their turn.
    await breathe();
  }
}

/** Nothing of a file that has just been begun, or has just gone: others tell what they have. */
async function* readable(file: string): ItemSource {
  try {
    yield* readTcr(openFile(file)(), nodeCodec);
  } catch (error) {
    if (!(error instanceof ThermoclineError)) throw error;
  }
}

function windowOf(series: readonly Series[], parts: readonly SeriesSnapshot[]): Window {
  const { startNs, endNs } = parts[0]!;
  return { startNs, endNs, series, parts };
}

function snapshotOf({ endNs, series, parts }: Window): Snapshot {
  const [first] = parts;
  const intervals = intervalsInForce(series[first!.seriesIndex]!, first!)!;
  const maxNrAccesses = maxSamplesOf(intervals);
  const nrRegions = parts.reduce((sum, part) => sum + part.nrRegions, 0);
  const targetIndex = new Uint32Array(nrRegions);
  const start = new Float64Array(nrRegions);
  const end = new Float64Array(nrRegions);
  const nrAccesses = new Uint32Array(nrRegions);
  const age = new Uint32Array(nrRegions);
  let at = 0;
  for (const part of parts) {
    const { nrRegions: length } = part;
    targetIndex.fill(part.seriesIndex, at, at + length);
    start.set(part.start.subarray(0, length), at);
    end.set(part.end.subarray(0, length), at);
    nrAccesses.set(part.nrAccesses.subarray(0, length), at);
    age.set(part.age.subarray(0, length), at);
    at += length;
  }
  return {
    ...{ timeUs: Number(endNs) / 1000, wallTimeUs: null, tick: 0 },
    sampleIntervalUs: intervals.sampleIntervalUs,
    aggregationIntervalUs: intervals.aggregationIntervalUs,
    ...{ maxNrAccesses, windowSamples: maxNrAccesses, nrRegions },
    targetPids: series.map(({ pid }) => pid),
    ...{ targetIndex, start, end, nrAccesses, age, probeHits: null, filterPassedBytes: null },
  };
}
