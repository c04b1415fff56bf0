/**
 * Ten thousand malformed and hostile requests, by hand:
 *
 *     node test/nightly/hostile-requests.ts [--count 10000] [--seed 1]
 */
import { parseArgs } from 'node:util';
import { formatBytes } from '../../src/base/units.ts';
import { withstand } from '../service/withstand.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const found = await withstand(Number(values.count), 32, Number(values.seed));
for (const answer of found.wrong.slice(0, 20)) console.error(JSON.stringify(answer));
console.log(
  `seed ${values.seed}: ${values.count} requests, ${found.wrong.length} not refused with a sentence, ` +
    `${found.acted ? 'some' : 'none'} acted, ${found.faults} faults, memory grew by ` +
    `${formatBytes(found.grownBytes)}; statuses ${JSON.stringify(found.statuses)}`,
);
process.exitCode = found.wrong.length > 0 || found.acted || found.faults > 0 ? 1 : 0;
