/**
 * In a guest: runs the suite in the file that is named, or those of its tests that are named after
 * it, and prints results for the machine's owner.
 */
import { writeSync } from 'node:fs';
import { type GuestSuite, resultPrefix, runSuite, type TestResult } from './harness.ts';

const [file, ...only] = process.argv.slice(2);
const { default: suite } = (await import(file!)) as { default: GuestSuite };
// Not by the stream, which a test may have turned elsewhere.
const report = (result: TestResult) =>
  void writeSync(1, `${resultPrefix}${JSON.stringify(result)}\n`);
await runSuite(suite, report, only);
// A test that was given up may have left something that would keep this process alive.
process.exit();
