import { ThermoclineError } from '../base/errors.ts';
import { ByteWindow } from './byte-window.ts';
import type { DamoHead } from './damo-head.ts';
import { DamoRecordText } from './damo-record-text.ts';
import type { ByteSource, ItemSource, RecordFormat } from './recording.ts';

/** The longest key, value or region. A whole recording never has to be in memory. */
const MAX_UNIT_BYTES = 2 ** 20;

/**
 * Reads damo's JSON as a stream. A second pass is made only for files in which a record's snapshots
 * come before its intervals or target, as after a sorting of keys.
 * @param open gives the JSON text from the start, each time
 * @throws ThermoclineError TC_INVALID, from the items, where the text is no such JSON
 */
export async function* readDamoJson(open: () => ByteSource, format: RecordFormat): ItemSource {
  const text = new DamoRecordText(format, null);
  const window = new ByteWindow(open(), MAX_UNIT_BYTES);
  try {
    while (!text.isDone) {
      if (text.needsHeads) text.setHeads(await readHeads(open, format));
      else await window.fill();
      yield text.items(window);
      if (!text.isDone && !text.needsHeads && window.isLast) {
        throw window.failure ?? truncated(window);
      }
    }
  } finally {
    await window.close();
  }
}

/** What each record says about itself, wherever in the record it does. */
async function readHeads(open: () => ByteSource, format: RecordFormat): Promise<DamoHead[]> {
  const heads: DamoHead[] = [];
  const text = new DamoRecordText(format, heads);
  const window = new ByteWindow(open(), MAX_UNIT_BYTES);
  try {
    while (!text.isDone && !window.isLast) {
      await window.fill();
      for (const _ of text.items(window));
    }
  } catch (error) {
    // The main pass meets the same fault, and says what was good before it.
    if (!(error instanceof ThermoclineError && error.code === 'TC_INVALID')) throw error;
  } finally {
    await window.close();
  }
  return heads;
}

function truncated(window: ByteWindow): ThermoclineError {
  const length = window.offset + window.end - window.position;
  return new ThermoclineError(
    'TC_INVALID',
    `The JSON text ends after ${length} bytes, in the middle of a record.`,
  );
}
