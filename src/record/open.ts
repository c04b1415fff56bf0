import { readDamoBinary } from './damo-binary-reader.ts';
import { readDamoJson } from './damo-json-reader.ts';
import { readPerfScript } from './perf-script-reader.ts';
import type { ByteSource, Codec, ItemSource } from './recording.ts';
import { inflated, salvage } from './salvage.ts';
import { SNIFFED_BYTES, sniff } from './sniff.ts';

/**
 * Reads a recording of any format that is known, going by its bytes.
 * @param open gives the file from the start; called again for each pass that a format needs
 * @throws ThermoclineError TC_INVALID, from the items: one sentence that says what is wrong. A
 * damaged file of which snapshots could be read ends with a warning instead.
 */
export async function* readRecording(open: () => ByteSource, codec: Codec): ItemSource {
  const format = sniff(await headOf(open()));
  if (format === 'tcr') {
    const { readTcr } = await import('./tcr-reader.ts');
    yield* readTcr(open(), codec);
  } else if (format === 'zlib') {
    yield* salvage(readDamoJson(() => inflated(open(), codec), 'damo-json-compressed'));
  } else if (format === 'json') yield* salvage(readDamoJson(open, 'damo-json'));
  else if (format === 'text') yield* salvage(readPerfScript(open));
  else yield* salvage(readDamoBinary(open, format === 'damo-binary'));
}

/** The first bytes, or all of a shorter source. */
async function headOf(source: ByteSource): Promise<Uint8Array> {
  const head = new Uint8Array(SNIFFED_BYTES);
  let length = 0;
  for await (const piece of source) {
    const taken = piece.subarray(0, head.length - length);
    head.set(taken, length);
    length += taken.length;
    if (length === head.length) break;
  }
  return head.subarray(0, length);
}
