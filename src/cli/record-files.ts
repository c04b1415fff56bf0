/** Files and compression for those parts that open nothing themselves. */
import { existsSync, lstatSync, statSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Transform } from 'node:stream';
import {
  constants,
  crc32,
  createDeflate,
  createInflate,
  deflateRawSync,
  inflateRawSync,
} from 'node:zlib';
import { ThermoclineError } from '../base/errors.ts';
import type { ByteSource, Codec } from '../record/recording.ts';

const READ_BYTES = 2 ** 18;
/** What damo packs its records with. */
const STREAM_LEVEL = 6;

/** Compression and checksums of Node. */
export const nodeCodec: Codec = {
  // Level 1 is within a few percent of the best for what our records hold, in a third of the time.
  deflateRaw: (bytes) => deflateRawSync(bytes, { level: 1 }),
  inflateRaw: (bytes, maxBytes) =>
    inflateRawSync(bytes, { maxOutputLength: Math.max(maxBytes, 1) }),
  crc32: (bytes) => crc32(bytes),
  // A stream that was cut off gives all that is in it; its reader notices that the end is missing.
  inflateStream: (source) =>
    piped(source, createInflate({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: READ_BYTES })),
  deflateStream: (source) => piped(source, createDeflate({ level: STREAM_LEVEL })),
};

/**
 * A recording that was named on the command line, to be read from its start as often as is asked. A
 * piece is valid until the next one is asked for.
 * @throws ThermoclineError TC_NOT_FOUND, TC_DENIED, TC_INVALID for a folder, TC_SYSTEM; on reading
 */
export function openFile(path: string): () => ByteSource {
  return async function* read() {
    const there = statSync(path, { throwIfNoEntry: false });
    const isStream = there === undefined ? path === '-' : !there.isFile() && !there.isDirectory();
    if (isStream) {
      throw new ThermoclineError(
        'TC_INVALID',
        `${path} is no regular file, and a recording may have to be read twice; ` +
          'save it to one first, or give it to "thermocline convert -".',
      );
    }
    const bytes = Buffer.allocUnsafeSlow(READ_BYTES);
    const handle = await open(path, 'r').catch((cause) => {
      throw readFailure(path, cause);
    });
    try {
      while (true) {
        const { bytesRead } = await handle.read(bytes, 0, READ_BYTES).catch((cause) => {
          throw readFailure(path, cause);
        });
        if (bytesRead === 0) return;
        yield bytes.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  };
}

/**
 * Refuses a file that is there already, and what is no file at all.
 * @throws ThermoclineError TC_INVALID, TC_NOT_FOUND without a folder for it
 */
export function checkNewFile(path: string, mayOverwrite: boolean): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined && existsSync(dirname(path))) return;
  if (there === undefined) throw writeFailure(path, { code: 'ENOENT' });
  if (!there.isFile()) {
    throw new ThermoclineError('TC_INVALID', `${path} is no regular file; name another one.`);
  }
  if (mayOverwrite) return;
  throw new ThermoclineError(
    'TC_INVALID',
    `${path} is there already; name another file, or write --overwrite to replace it.`,
  );
}

/**
 * Writes a file that appears under its name only when it is whole; nothing is left of one that
 * failed. Only its owner can read it.
 * @throws ThermoclineError TC_SYSTEM for a full disk and the like, and whatever the source throws
 */
export async function writeWholeFile(path: string, source: ByteSource): Promise<void> {
  const partial = `${path}.partial-${process.pid}`;
  const handle = await open(partial, 'wx', 0o600).catch((cause) => {
    throw writeFailure(path, cause);
  });
  try {
    for await (const piece of source) await writeAll(handle, piece, path);
    await handle.close();
    await rename(partial, path).catch((cause) => {
      throw writeFailure(path, cause);
    });
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(partial, { force: true });
    throw error;
  }
}

/** The sentence about a file that can't be written. */
export function writeFailure(path: string, cause: unknown): ThermoclineError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    return new ThermoclineError('TC_NOT_FOUND', `There is no folder for ${path}; make it first.`);
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const reason = `${path} can't be written (${code}); name a file where you may write.`;
    return new ThermoclineError('TC_DENIED', reason, { cause });
  }
  const reason =
    code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : `the system refused (${code})`;
  return new ThermoclineError('TC_SYSTEM', `${path} can't be written: ${reason}.`, { cause });
}

async function writeAll(handle: FileHandle, piece: Uint8Array, path: string): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    const { bytesWritten } = await handle.write(piece, done).catch((cause) => {
      throw writeFailure(path, cause);
    });
    done += bytesWritten;
  }
}

function readFailure(path: string, cause: unknown): ThermoclineError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new ThermoclineError('TC_NOT_FOUND', `The recording ${path} does not exist.`);
  }
  if (code === 'EISDIR') {
    return new ThermoclineError('TC_INVALID', `${path} is a folder; name a recording.`);
  }
  const isDenied = code === 'EACCES' || code === 'EPERM';
  const sentence = `The recording ${path} can't be read (${code}).`;
  return new ThermoclineError(isDenied ? 'TC_DENIED' : 'TC_SYSTEM', sentence, { cause });
}

/** A piece is handed over only once the one before is worked off, since sources use them again. */
async function* piped(source: ByteSource, transform: Transform): ByteSource {
  const feeding = feed(source, transform).catch((error) => {
    transform.destroy(error);
  });
  try {
    yield* transform;
  } finally {
    transform.destroy();
    await feeding;
  }
}

async function feed(source: ByteSource, transform: Transform): Promise<void> {
  for await (const piece of source) {
    // Behind the end of the packed data nothing is taken any more.
    if (transform.destroyed || transform.readableEnded) return;
    await new Promise<void>((resolve, reject) => {
      transform.once('close', resolve);
      transform.write(piece, (error) => {
        transform.off('close', resolve);
        if (error) reject(error);
        else resolve();
      });
    });
  }
  transform.end();
}
