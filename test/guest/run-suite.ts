/**
 * In a guest: runs the suite in the file that is named, and prints results for the machine's owner.
 */
import { writeSync } from 'node:fs';
import { type GuestSuite, resultPrefix, runSuite } from './harness.ts';

const file = process.argv[2]!;
const { default: suite } = (await import(file)) as { default: GuestSuite };
await runSuite(suite, (result) => {
  // Not by the stream, which a test may have turned elsewhere.
  writeSync(1, `${resultPrefix}${JSON.stringify(result)}\n`);
});
// A test that was given up may have left something that would keep this process alive.
process.exit();
