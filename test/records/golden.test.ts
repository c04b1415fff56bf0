/**
 * Pins the `.tcr` format: each `golden/*.tcr` has a `.json` of its items, frame by frame. A change
 * that breaks one of them breaks users' recordings: it needs a new version of the format.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nodeCodec } from '../../src/cli/record-files.ts';
import type { Codec } from '../../src/record/recording.ts';
import { readTcr } from '../../src/record/tcr-reader.ts';
import { TcrWriter } from '../../src/record/tcr-writer.ts';
import { itemOf, plainItem } from './golden-items.ts';

interface Golden {
  readonly about: string;
  /** Whether writing the items gives the very bytes, too. */
  readonly written: boolean;
  readonly frames: readonly (readonly unknown[])[];
}

/**
 * Leaves payloads as they are: what deflate makes of them is another matter in each of its
 * versions.
 */
const storing: Codec = { ...nodeCodec, deflateRaw: (bytes) => bytes };

const folder = new URL('./golden/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.tcr'))
  .map((name) => name.slice(0, -'.tcr'.length));

test.each(names)('%s', async (name) => {
  const bytes = readFileSync(new URL(`${name}.tcr`, folder));
  const golden: Golden = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
  const source = (async function* () {
    yield bytes;
  })();
  const frames: unknown[][] = [];
  for await (const batch of readTcr(source, nodeCodec)) {
    frames.push(Array.from(batch, plainItem));
  }
  expect(frames).toEqual(golden.frames);
  if (!golden.written) return;

  const writer = new TcrWriter(storing);
  const pieces: Uint8Array[] = [];
  for (const items of golden.frames) {
    for (const item of items) pieces.push(...writer.add(itemOf(item)));
    pieces.push(...writer.flush());
  }
  pieces.push(...writer.end());
  expect(Buffer.concat(pieces).toString('hex')).toBe(bytes.toString('hex'));
});

test('there are golden files', () => expect(names.length).toBeGreaterThanOrEqual(5));
