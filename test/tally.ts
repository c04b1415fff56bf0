/** How many tests went how. Each part of the tests ends with a line that says so. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** `12 passed, 0 failed`, and `, 3 skipped` where there are any. */
export function tallyLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

/** What the last line of a part says; null where it says no such thing. */
export function readTally(output: string): Tally | null {
  const last = output.trimEnd().split('\n').at(-1)!;
  const found = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(last);
  if (!found) return null;
  const [passed, failed, skipped = 0] = found.slice(1).map((text) => Number(text ?? 0));
  return { passed: passed!, failed: failed!, skipped };
}

export function sumOf(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, { passed, failed, skipped }) => ({
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
}
