import { ThermoclineError } from '../base/errors.ts';
import { ByteWindow } from './byte-window.ts';
import {
  FRAME_BYTES,
  type Frame,
  REGION_BYTES,
  readFrame,
  readU32,
  readU64,
} from './damo-binary-frames.ts';
import { EndTimes, noLaterThan, passOver, singleWarning } from './first-start.ts';
import type { ByteSource, ItemSource, RecordItem, Series } from './recording.ts';
import { MAX_REGIONS, MAX_SERIES, SnapshotColumns } from './snapshot-columns.ts';

const MAGIC_BYTES = 16;
const MAX_UNIT_BYTES = 2 ** 16;
/** What `-1` accesses of a region from 0 to 0 are here: damo's mark of a snapshot that is none. */
const FAKE_NR_ACCESSES = 2 ** 32 - 1;

/**
 * Reads damo's binary records of versions 0, 1 and 2: once for the times (`first-start.ts`), once
 * for the regions.
 * @param open gives the file from the start, each time
 * @param hasHeader false for version 0, which has neither magic number nor version
 * @throws ThermoclineError TC_INVALID, from the items
 */
export async function* readDamoBinary(open: () => ByteSource, hasHeader: boolean): ItemSource {
  const ends = new Map<string, EndTimes>();
  await passOver(readPass(open(), hasHeader, ends, null));
  yield* readPass(open(), hasHeader, new Map(), ends);
  const warning = singleWarning(ends.values());
  if (warning !== null) yield [warning];
}

async function* readPass(
  source: ByteSource,
  hasHeader: boolean,
  ends: Map<string, EndTimes>,
  firstEnds: ReadonlyMap<string, EndTimes> | null,
): ItemSource {
  const window = new ByteWindow(source, MAX_UNIT_BYTES);
  const parser = new BinaryParser(hasHeader, ends, firstEnds);
  try {
    while (!window.isLast) {
      await window.fill();
      yield parser.items(window);
    }
    if (window.failure !== null) throw window.failure;
    if (!parser.isBetweenFrames || window.position < window.end) {
      throw new ThermoclineError(
        'TC_INVALID',
        `The binary record ends after ${window.offset + window.end - window.position} bytes, ` +
          'in the middle of a snapshot.',
      );
    }
  } finally {
    await window.close();
  }
}

interface BinarySeries {
  readonly index: number;
  previousEndNs: bigint;
}

/** The state between two looks at the bytes. */
class BinaryParser {
  readonly #ends: Map<string, EndTimes>;
  readonly #firstEnds: ReadonlyMap<string, EndTimes> | null;
  readonly #columns = new SnapshotColumns();
  readonly #series = new Map<string, BinarySeries>();
  #needsHeader: boolean;
  #hasOrigin = false;
  #idBytes = 8;
  #frame: Frame = { endNs: 0n, nrTargets: 0 };
  #targetsLeft = 0;
  #regionsLeft = -1;
  #targetId = '';

  constructor(
    hasHeader: boolean,
    ends: Map<string, EndTimes>,
    firstEnds: ReadonlyMap<string, EndTimes> | null,
  ) {
    this.#needsHeader = hasHeader;
    this.#ends = ends;
    this.#firstEnds = firstEnds;
  }

  get isBetweenFrames(): boolean {
    return this.#targetsLeft === 0 && !this.#needsHeader;
  }

  *items(window: ByteWindow): Generator<RecordItem> {
    if (!this.#hasOrigin) yield origin();
    this.#hasOrigin = true;
    for (;;) {
      const { bytes, position, end } = window;
      const need = this.#unitBytes();
      if (end - position < need) return;
      if (this.#needsHeader) this.#readHeader(window);
      else if (this.#targetsLeft === 0) this.#readFrame(window);
      else if (this.#regionsLeft < 0) this.#readTarget(window);
      else if (this.#regionsLeft > 0) this.#readRegion(bytes, position, window.offset);
      window.position += need;
      if (this.#regionsLeft === 0) yield* this.#closeSnapshot();
    }
  }

  #unitBytes(): number {
    if (this.#needsHeader) return MAGIC_BYTES + 4;
    if (this.#targetsLeft === 0) return FRAME_BYTES;
    return this.#regionsLeft < 0 ? this.#idBytes + 4 : REGION_BYTES;
  }

  #readHeader({ bytes, position }: ByteWindow): void {
    const version = readU32(bytes, position + MAGIC_BYTES);
    if (version > 2) {
      throw new ThermoclineError(
        'TC_INVALID',
        `The binary record is of version ${version}; only 0, 1 and 2 were ever written.`,
      );
    }
    this.#idBytes = version === 1 ? 4 : 8;
    this.#needsHeader = false;
  }

  #readFrame(window: ByteWindow): void {
    const frame = readFrame(window.bytes, window.position);
    if (frame === null) {
      throw new ThermoclineError(
        'TC_INVALID',
        `The binary record is damaged at byte ${window.offset}: no snapshot begins there.`,
      );
    }
    this.#frame = frame;
    this.#targetsLeft = frame.nrTargets;
  }

  #readTarget(window: ByteWindow): void {
    const { bytes, position } = window;
    const high = this.#idBytes === 8 ? BigInt(readU32(bytes, position + 4)) << 32n : 0n;
    this.#targetId = String(high | BigInt(readU32(bytes, position)));
    this.#regionsLeft = readU32(bytes, position + this.#idBytes);
    if (this.#regionsLeft > MAX_REGIONS) {
      throw new ThermoclineError(
        'TC_INVALID',
        `The binary record is damaged at byte ${window.offset}: a snapshot of ` +
          `${this.#regionsLeft} regions can't be.`,
      );
    }
    this.#columns.clear();
  }

  #readRegion(bytes: Uint8Array, at: number, offset: number): void {
    const start = readU64(bytes, at);
    const end = readU64(bytes, at + 8);
    if (start > end) {
      throw new ThermoclineError(
        'TC_INVALID',
        `The binary record is damaged at byte ${offset}: a region ends before it starts.`,
      );
    }
    this.#columns.add(start, end, readU32(bytes, at + 16), -1);
    this.#regionsLeft -= 1;
  }

  *#closeSnapshot(): Generator<RecordItem> {
    this.#regionsLeft = -1;
    this.#targetsLeft -= 1;
    const id = this.#targetId;
    const { endNs } = this.#frame;
    this.#endsOf(id).add(endNs);
    if (this.#firstEnds === null || this.#isFake()) return;
    let series = this.#series.get(id);
    if (series === undefined) {
      series = this.#newSeries(id);
      yield { kind: 'series', index: series.index, series: binarySeries(id) };
    }
    const startNs = noLaterThan(endNs, series.previousEndNs);
    series.previousEndNs = endNs;
    const head = { seriesIndex: series.index, startNs, endNs };
    yield { kind: 'snapshot', snapshot: this.#columns.snapshot({ ...head, ...UNKNOWN }) };
  }

  #endsOf(id: string): EndTimes {
    let ends = this.#ends.get(id);
    if (ends === undefined) {
      if (this.#ends.size >= MAX_SERIES) {
        throw new ThermoclineError('TC_INVALID', `There are more than ${MAX_SERIES} targets.`);
      }
      ends = new EndTimes();
      this.#ends.set(id, ends);
    }
    return ends;
  }

  #newSeries(id: string): BinarySeries {
    const previousEndNs = this.#firstEnds?.get(id)?.firstStartNs ?? this.#frame.endNs;
    const series = { index: this.#series.size, previousEndNs };
    this.#series.set(id, series);
    return series;
  }

  #isFake(): boolean {
    const { nrRegions, end, nrAccesses } = this.#columns;
    return nrRegions === 1 && end[0] === 0 && nrAccesses[0] === FAKE_NR_ACCESSES;
  }
}

const UNKNOWN = { sampleIntervalUs: null, aggregationIntervalUs: null, schemeStats: null };

function origin(): RecordItem {
  const unknown = { host: null, kernelRelease: null, source: null, params: null };
  return { kind: 'origin', origin: { format: 'damo-binary', ...unknown } };
}

function binarySeries(targetId: string): Series {
  return {
    ...{ kdamondIndex: null, contextIndex: null, schemeIndex: null, targetId, pid: null },
    ...{ intervals: null, filters: [] },
  };
}
