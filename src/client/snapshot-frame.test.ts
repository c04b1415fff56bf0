import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Snapshot } from '../params/snapshot.ts';
import { aliveFrame, decodeFrame, encodeFrame, FrameSplitter } from './snapshot-frame.ts';

const u32 = fc.nat({ max: 2 ** 32 - 1 });
const number = fc.double({ noNaN: true });
const region = fc.record({ start: number, end: number, target: u32, count: u32, age: u32 });

const anySnapshot: fc.Arbitrary<Snapshot> = fc
  .record({
    regions: fc.array(region, { maxLength: 20 }),
    pids: fc.array(fc.option(fc.nat()), { maxLength: 4 }),
    hasProbes: fc.boolean(),
    hasPassed: fc.boolean(),
    wallTimeUs: fc.option(number),
    timeUs: number,
    samples: u32,
  })
  .map(({ regions, pids, hasProbes, hasPassed, wallTimeUs, timeUs, samples }) => ({
    timeUs,
    wallTimeUs,
    tick: 7,
    sampleIntervalUs: 5000,
    aggregationIntervalUs: 100_000,
    maxNrAccesses: samples,
    windowSamples: samples,
    nrRegions: regions.length,
    targetPids: pids,
    targetIndex: Uint32Array.from(regions, ({ target }) => target),
    start: Float64Array.from(regions, ({ start }) => start),
    end: Float64Array.from(regions, ({ end }) => end),
    nrAccesses: Uint32Array.from(regions, ({ count }) => count),
    age: Uint32Array.from(regions, ({ age }) => age),
    probeHits: hasProbes ? Uint32Array.from(regions.flatMap(() => [1, 2, 3, 4])) : null,
    filterPassedBytes: hasPassed ? Float64Array.from(regions, ({ end }) => end) : null,
  }));

test('a stream of frames is read as it was written, however its pieces fall', () => {
  const anyStream = fc.array(anySnapshot, { maxLength: 4 });
  fc.assert(
    fc.property(
      anyStream,
      fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1 }),
      (sent, cuts) => {
        const bytes = Buffer.concat([
          ...sent.map((snapshot) => encodeFrame({ snapshot, spanUs: 9 })),
          aliveFrame(),
        ]);
        const splitter = new FrameSplitter();
        const got: Uint8Array[] = [];
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const next = at + cuts[cut % cuts.length]!;
          got.push(...splitter.push(bytes.subarray(at, next)));
          at = next;
        }
        const frames = got.map(decodeFrame);
        expect(frames.pop()).toBeNull();
        expect(frames).toEqual(sent.map((snapshot) => ({ snapshot, spanUs: 9 })));
      },
    ),
  );
});

test('bytes that are no frame get one sentence', () => {
  const sentence = 'The stream holds bytes that are no snapshot frame of version 1';
  expect(() => [...new FrameSplitter().push(Uint8Array.of(255, 255, 255, 255))]).toThrow(sentence);
  const anyBytes = fc.uint8Array({ maxLength: 120 });
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      try {
        decodeFrame(bytes);
      } catch (error) {
        expect((error as Error).message).toContain(sentence);
      }
    }),
  );
});
