import { ThermoclineError } from '../base/errors.ts';
import { TraceLine } from '../params/trace-line.ts';
import { ByteWindow } from './byte-window.ts';
import { type EndTimes, passOver, singleWarning } from './first-start.ts';
import type { ByteSource, ItemSource, RecordItem } from './recording.ts';
import { TraceSnapshots } from './trace-snapshots.ts';

const MAX_LINE_BYTES = 2 ** 16;
const LINE_FEED = 0x0a;

/** What was met that could not be taken. */
interface Losses {
  nrLines: number;
  nrDamaged: number;
  firstDamaged: number;
}

/**
 * Reads the text of `perf script` or `trace-cmd report`: once for the times (`first-start.ts`),
 * once for the regions.
 * @param open gives the text from the start, each time
 * @throws ThermoclineError TC_INVALID, from the items, where there is no line of DAMON
 */
export async function* readPerfScript(open: () => ByteSource): ItemSource {
  const ends = new Map<string, EndTimes>();
  const counting = new TraceSnapshots(ends, null);
  await passOver(readPass(open(), counting, newLosses()));
  if (ends.size === 0) {
    throw new ThermoclineError(
      'TC_INVALID',
      'This is no recording: neither a format that is known by its first bytes, nor text with ' +
        'lines of damon_aggregated, as perf script writes them.',
    );
  }
  const unknown = { host: null, kernelRelease: null, source: null, params: null };
  yield [{ kind: 'origin', origin: { format: 'perf-script', ...unknown } }];
  const snapshots = new TraceSnapshots(new Map<string, EndTimes>(), ends);
  const losses = newLosses();
  yield* readPass(open(), snapshots, losses);
  const single = singleWarning(ends.values());
  if (single !== null) yield [single];
  yield lossWarnings(snapshots, losses);
}

function newLosses(): Losses {
  return { nrLines: 0, nrDamaged: 0, firstDamaged: 0 };
}

async function* readPass(
  source: ByteSource,
  snapshots: TraceSnapshots,
  losses: Losses,
): ItemSource {
  const window = new ByteWindow(source, MAX_LINE_BYTES);
  try {
    while (!window.isLast) {
      await window.fill();
      yield linesOf(window, snapshots, losses);
    }
    yield snapshots.close();
    if (window.failure !== null) throw window.failure;
  } finally {
    await window.close();
  }
}

/** Items of the lines that are whole in the window. */
function* linesOf(
  window: ByteWindow,
  snapshots: TraceSnapshots,
  losses: Losses,
): Generator<RecordItem> {
  const { bytes } = window;
  const line = new TraceLine();
  while (window.position < window.end) {
    let to = bytes.indexOf(LINE_FEED, window.position);
    if (to < 0 || to >= window.end) {
      if (!window.isLast) return;
      to = window.end;
    }
    line.read(bytes, window.position, to);
    losses.nrLines += 1;
    window.position = Math.min(to + 1, window.end);
    if (line.kind === 'damaged') {
      losses.nrDamaged += 1;
      if (losses.nrDamaged === 1) losses.firstDamaged = losses.nrLines;
    } else if (line.kind !== 'other') yield* snapshots.take(line);
  }
}

function* lossWarnings(snapshots: TraceSnapshots, losses: Losses): Generator<RecordItem> {
  const { nrSnapshots, nrIncomplete, nrLostRegions } = snapshots;
  if (nrIncomplete > 0) {
    const text =
      `${nrIncomplete} of ${nrSnapshots} snapshots are incomplete: ${nrLostRegions} lines of ` +
      'regions were lost when the trace was recorded. What is left of them is used.';
    yield { kind: 'warning', text };
  }
  if (losses.nrDamaged > 0) {
    const text =
      `${losses.nrDamaged} lines about DAMON can't be read, the first being line ` +
      `${losses.firstDamaged}; they were left out.`;
    yield { kind: 'warning', text };
  }
}
