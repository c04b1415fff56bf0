import { ThermoclineError } from '../base/errors.ts';
import type { ByteSource, Codec, ItemSource, RecordItem } from './recording.ts';

/**
 * Ends a damaged recording with a warning when some of its snapshots could be read, and with the
 * error itself when none could.
 */
export async function* salvage(items: ItemSource): ItemSource {
  const progress = { nrSnapshots: 0, hasEnded: false };
  try {
    for await (const batch of items) {
      yield salvageBatch(batch, progress);
      if (progress.hasEnded) return;
    }
  } catch (error) {
    yield [warningOf(error, progress.nrSnapshots)];
  }
}

function* salvageBatch(
  batch: Iterable<RecordItem>,
  progress: { nrSnapshots: number; hasEnded: boolean },
): Generator<RecordItem> {
  try {
    for (const item of batch) {
      if (item.kind === 'snapshot') progress.nrSnapshots += 1;
      yield item;
    }
  } catch (error) {
    progress.hasEnded = true;
    yield warningOf(error, progress.nrSnapshots);
  }
}

/** @throws the error when nothing was read before it, or when it is not about the bytes */
function warningOf(error: unknown, nrSnapshots: number): RecordItem {
  const isAboutBytes = error instanceof ThermoclineError && error.code === 'TC_INVALID';
  if (!isAboutBytes || nrSnapshots === 0) throw error;
  return {
    kind: 'warning',
    text: `${error.message} The ${nrSnapshots} snapshots before are good.`,
  };
}

/**
 * Unpacks a zlib stream. Damage becomes TC_INVALID; an error of the source itself stays what it is.
 */
export async function* inflated(source: ByteSource, codec: Codec): ByteSource {
  const failure: { error: unknown } = { error: null };
  try {
    yield* codec.inflateStream(remembering(source, failure));
  } catch (cause) {
    if (failure.error !== null) throw failure.error;
    if (cause instanceof ThermoclineError) throw cause;
    throw new ThermoclineError('TC_INVALID', 'The compressed data are damaged or cut off.', {
      cause,
    });
  }
}

async function* remembering(source: ByteSource, failure: { error: unknown }): ByteSource {
  try {
    yield* source;
  } catch (error) {
    failure.error = error;
    throw error;
  }
}
