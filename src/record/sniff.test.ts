import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { binaryRecord } from '../../test/records/binary-record.ts';
import { sniff } from './sniff.ts';

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

test.each([
  ['tcr', bytes('\x89TCR\r\n\x1a\n\x01')],
  ['zlib', new Uint8Array(deflateSync('[]', { level: 9 }))],
  ['zlib', new Uint8Array(deflateSync('[]', { level: 0 }))],
  ['json', bytes(' \r\n\t[')],
  ['json', bytes('{')],
  ['damo-binary', binaryRecord(2, [])],
  [
    'damo-binary-v0',
    binaryRecord(0, [{ seconds: 9n, nanoseconds: 9n, targets: [{ id: 1n, regions: [] }] }]),
  ],
  ['text', bytes('kdamond.0 4452 [000] 1.0: damon:damon_aggregated:')],
  ['text', bytes('x\x9d')],
  ['text', new Uint8Array(4096)],
])('%s', (format, head) => {
  expect(sniff(head)).toBe(format);
});

test.each([
  ['PERFILE2', /perf script -i FILE/],
  ['\x1f\x8b\x08', /gunzip/],
  ['\x28\xb5\x2f\xfd', /unzstd/],
  ['PAR1', /Parquet/],
  ['', /empty/],
  ['\n \n', /empty/],
])('%j is refused with the way out', (head, message) => {
  expect(() => sniff(bytes(head))).toThrow(message);
});
