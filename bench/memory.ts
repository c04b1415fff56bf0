/**
 * Whether the core's memory stays flat: the heap after many ticks beside the heap after a few, with
 * regions merged and split all the time.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { formatBytes } from '../src/base/units.ts';
import { blockPatternKdamond, samplesPerAggregation } from './block-pattern.ts';
import { type Bench, formatFigure } from './harness.ts';

const nrBlocks = 50;
const warmUpTicks = 20_000;
const ticks = 1_000_000;

/** Bytes in use once everything that nobody holds is gone, typed arrays included. */
function bytesInUse(collectGarbage: () => void): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const bench: Bench = {
  about: `heap in use after ${ticks} ticks, beside that after ${warmUpTicks}`,
  async run(progress) {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const kdamond = blockPatternKdamond(nrBlocks, { maxNrRegions: 4 * nrBlocks });
    for (let tick = 0; tick < warmUpTicks; tick++) kdamond.step();
    const before = bytesInUse(collectGarbage);
    progress(`memory: ${ticks} ticks`);
    for (let tick = warmUpTicks; tick < ticks; tick++) kdamond.step();
    const after = bytesInUse(collectGarbage);
    return {
      json: { ticks, bytesBefore: before, bytesAfter: after, ratio: after / before },
      table: [
        ['ticks', 'aggregations', 'in use before', 'in use after', 'ratio'],
        [
          String(ticks),
          String(ticks / samplesPerAggregation),
          formatBytes(before),
          formatBytes(after),
          `${formatFigure(after / before)}x`,
        ],
      ],
      notes: ['After a full garbage collection each time, JavaScript heap and typed arrays.'],
    };
  },
};

export default bench;
