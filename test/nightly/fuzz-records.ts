/**
 * Reads damaged recordings for hours, by hand:
 *
 *     node test/nightly/fuzz-records.ts [--cases 100000] [--seed 1] [--format damo-json]
 *
 * Prints what fails with the one case that does it again.
 */
import { parseArgs } from 'node:util';
import { DAMAGED_FORMATS, damaged, goodRecord, readDamaged } from '../records/damage.ts';

/** Far above what a case takes. */
const MAX_CASE_MS = 2000;
const MAX_RESIDENT_BYTES = 600 * 2 ** 20;

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    format: { type: 'string' },
  },
});

let nrFailed = 0;
for (const format of DAMAGED_FORMATS) {
  if (values.format !== undefined && values.format !== format) continue;
  const good = await goodRecord(format);
  let nrRead = 0;
  const first = Number(values.seed);
  for (let seed = first; seed < first + Number(values.cases); seed++) {
    const failure = await failureOf(damaged(good, format, seed));
    if (failure === null) nrRead += 1;
    else {
      nrFailed += 1;
      console.error(`${format}: ${failure}`);
      const replay = `--format ${format} --seed ${seed} --cases 1`;
      console.error(`  again: node test/nightly/fuzz-records.ts ${replay}`);
    }
  }
  const megabytes = Math.round(process.memoryUsage.rss() / 2 ** 20);
  console.log(
    `${format}: ${nrRead} cases from seed ${first} on are well, ${megabytes} MiB resident`,
  );
}
process.exitCode = nrFailed > 0 ? 1 : 0;

async function failureOf(bytes: Uint8Array): Promise<string | null> {
  const startMs = performance.now();
  try {
    await readDamaged(bytes);
  } catch (error) {
    return String((error as Error).stack);
  }
  const tookMs = performance.now() - startMs;
  if (tookMs > MAX_CASE_MS) return `took ${Math.round(tookMs)} ms`;
  const resident = process.memoryUsage.rss();
  return resident > MAX_RESIDENT_BYTES ? `${Math.round(resident / 2 ** 20)} MiB resident` : null;
}
