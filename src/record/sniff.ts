/** Decides by bytes what a file is: names and other programs are not asked. */
import { ThermoclineError } from '../base/errors.ts';
import { isFirstFrame } from './damo-binary-frames.ts';

/** So many first bytes are enough to decide. */
export const SNIFFED_BYTES = 4096;

/** What a file's first bytes say that it is. */
export type SniffedFormat = 'tcr' | 'zlib' | 'json' | 'damo-binary' | 'damo-binary-v0' | 'text';

const TCR_MAGIC = '\x89TCR\r\n\x1a\n';
const DAMO_BINARY_MAGIC = 'damon_recfmt_ver';

/** Formats that are no recordings but come near one, with the way out. */
const NEIGHBOURS: readonly [magic: string, sentence: string][] = [
  [
    'PERFILE2',
    'This is a perf.data file, which only perf itself can read: write its text with ' +
      '"perf script -i FILE > FILE.txt" and take that.',
  ],
  ['\x1f\x8b', 'This is a gzip file; unpack it with gunzip first.'],
  ['\x28\xb5\x2f\xfd', 'This is a zstd file; unpack it with unzstd first.'],
  ['PAR1', 'This is a Parquet file; convert writes those, but nothing here reads them.'],
];

/**
 * Tells formats apart.
 * @param head the file's first bytes: `SNIFFED_BYTES`, or all of a shorter one
 * @throws ThermoclineError TC_INVALID, with the way out, for an empty file and for known formats
 * that can't be read
 */
export function sniff(head: Uint8Array): SniffedFormat {
  if (startsWith(head, TCR_MAGIC)) return 'tcr';
  if (startsWith(head, DAMO_BINARY_MAGIC)) return 'damo-binary';
  for (const [magic, sentence] of NEIGHBOURS) {
    if (startsWith(head, magic)) throw new ThermoclineError('TC_INVALID', sentence);
  }
  if (isZlib(head)) return 'zlib';
  const first = firstVisible(head);
  if (first === '') throw new ThermoclineError('TC_INVALID', 'The recording is empty.');
  if (first === '[' || first === '{') return 'json';
  // The oldest binary records have no magic number, but text has no zero bytes.
  return isFirstFrame(head) ? 'damo-binary-v0' : 'text';
}

/** Deflate in the 32 KiB window that zlib writes, and a header that is a multiple of 31. */
function isZlib(head: Uint8Array): boolean {
  return head.length >= 2 && head[0] === 0x78 && (head[0] * 256 + head[1]!) % 31 === 0;
}

function startsWith(head: Uint8Array, magic: string): boolean {
  if (head.length < magic.length) return false;
  for (let i = 0; i < magic.length; i++) if (head[i] !== magic.charCodeAt(i)) return false;
  return true;
}

/** The first character that is no white space. */
function firstVisible(head: Uint8Array): string {
  let i = 0;
  while (i < head.length && (head[i] === 0x20 || (head[i]! >= 0x09 && head[i]! <= 0x0d))) i += 1;
  return i < head.length ? String.fromCharCode(head[i]!) : '';
}
