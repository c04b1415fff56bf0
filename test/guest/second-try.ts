/** What counts of tests that failed, were run once more, and what is told of them. Pure. */
import type { TestResult } from './harness.ts';

/** Results of one suite after a second try. */
interface AfterSecondTry {
  /** In the order of the first. */
  readonly results: readonly TestResult[];
  /** How those failed before that passed now. */
  readonly recovered: readonly TestResult[];
}

/** Those that failed. */
export function failuresOf(results: readonly TestResult[]): TestResult[] {
  return results.filter(({ outcome }) => outcome === 'failed');
}

/** Only what failed at first and passed then is taken from the second try. */
export function afterSecondTry(
  first: readonly TestResult[],
  second: readonly TestResult[],
): AfterSecondTry {
  const passed = new Map(
    second.filter(({ outcome }) => outcome === 'passed').map((result) => [result.name, result]),
  );
  const recovered = failuresOf(first).filter(({ name }) => passed.has(name));
  return {
    results: first.map((result) =>
      recovered.includes(result) ? passed.get(result.name)! : result,
    ),
    recovered,
  };
}

/** One line, with no more of the message than tells what it was. */
export function troubleLine(title: string, { name, message = '' }: TestResult): string {
  return `${title}: ${name}: ${message.split('\n')[0]!.slice(0, 160)}`;
}
