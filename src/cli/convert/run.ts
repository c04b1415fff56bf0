/** Reads a recording, writes it as another, and says what had no place in it. */
import { lstatSync, realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ThermoclineError } from '../../base/errors.ts';
import { writeCsv } from '../../record/csv-writer.ts';
import { writeDamoJson } from '../../record/damo-json-writer.ts';
import { readRecording } from '../../record/open.ts';
import { writeParquet } from '../../record/parquet-writer.ts';
import { writePerfScript } from '../../record/perf-script-writer.ts';
import type { ByteSource, ItemSource } from '../../record/recording.ts';
import { withRelativeAddresses } from '../../record/relative-addresses.ts';
import { TcrWriter } from '../../record/tcr-writer.ts';
import { Interruption } from '../interruption.ts';
import {
  checkNewFile,
  nodeCodec,
  openFile,
  writeFailure,
  writeWholeFile,
} from '../record-files.ts';
import { InputProgress } from './input-progress.ts';
import { LeftOut } from './left-out.ts';
import { spooledInput } from './spooled-input.ts';
import { formatOfName, type TargetFormat } from './target-format.ts';

/** As they are written on the command line. */
export interface ConvertOptions {
  readonly to?: TargetFormat;
  readonly relativeAddresses?: true;
  readonly overwrite?: true;
}

/**
 * Converts `input` to `output`; `-` is the process's own input or output. Returns the exit status.
 */
export async function runConvert(
  input: string,
  output: string,
  options: ConvertOptions,
): Promise<number> {
  const format = options.to ?? formatOfName(output);
  if (output !== '-') {
    if (input !== '-') refuseSameFile(input, output);
    checkNewFile(output, options.overwrite ?? false);
  }
  using interruption = new Interruption();
  try {
    await using spooled = input === '-' ? await spooledInput(process.stdin) : null;
    const path = spooled?.path ?? input;
    const leftOut = new LeftOut(format);
    {
      using progress = new InputProgress(await sizeOf(path));
      const open = progress.watch(openFile(path), interruption.signal);
      const bytes = converted(open, format, options, leftOut);
      if (output === '-') await toStandardOutput(bytes);
      else await writeWholeFile(output, bytes);
    }
    for (const line of leftOut.lines()) process.stderr.write(`${line}\n`);
    return 0;
  } catch (error) {
    if (!interruption.signal.aborted || error instanceof ThermoclineError) throw error;
    if (interruption.exitStatus !== 0) process.stderr.write('Interrupted; nothing was written.\n');
    return interruption.exitStatus;
  }
}

function converted(
  open: () => ByteSource,
  format: TargetFormat,
  { relativeAddresses }: ConvertOptions,
  leftOut: LeftOut,
): ByteSource {
  const read = () => readRecording(open, nodeCodec);
  const chosen = relativeAddresses ? () => withRelativeAddresses(read) : read;
  return convertedTo(format, () => leftOut.watch(chosen()));
}

/** For the progress line only: whoever opens the file says what is wrong with it. */
async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

function convertedTo(format: TargetFormat, open: () => ItemSource): ByteSource {
  switch (format) {
    case 'tcr':
      return tcrBytes(open());
    case 'damo-json':
      return writeDamoJson(open);
    case 'damo-json-compressed':
      return nodeCodec.deflateStream(writeDamoJson(open));
    case 'perf-script':
      return writePerfScript(open());
    case 'parquet':
      return writeParquet(open());
    case 'csv':
      return writeCsv(open());
  }
}

async function* tcrBytes(items: ItemSource): ByteSource {
  const writer = new TcrWriter(nodeCodec);
  for await (const batch of items) {
    for (const item of batch) yield* writer.add(item);
  }
  yield* writer.end();
}

async function toStandardOutput(bytes: ByteSource): Promise<void> {
  if (process.stdout.isTTY) {
    throw new ThermoclineError(
      'TC_INVALID',
      'OUT is -, but standard output is a terminal; name a file or pipe it to a program.',
    );
  }
  for await (const piece of bytes) {
    const error = await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => {
      process.stdout.write(piece, resolve);
    });
    // A reader that has gone has had enough.
    if (error?.code === 'EPIPE') return;
    if (error) throw writeFailure('Standard output', error);
  }
}

/** Replacing a file by itself in another form would leave nothing to go back to. */
function refuseSameFile(input: string, output: string): void {
  const isSame =
    lstatSync(input, { throwIfNoEntry: false }) &&
    lstatSync(output, { throwIfNoEntry: false }) &&
    realpathSync(input) === realpathSync(output);
  if (!isSame) return;
  throw new ThermoclineError('TC_INVALID', 'IN and OUT are the same file; name another OUT.');
}
