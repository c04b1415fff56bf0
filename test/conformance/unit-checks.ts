import { firstDifference } from './compare.ts';
import { miscellaneousChecks } from './unit-miscellaneous.ts';
import { regionChecks } from './unit-regions.ts';
import { schemeChecks } from './unit-schemes.ts';

/** A case of a unit file; the keys that it has tell what it is about. */
export type UnitCase = Record<string, unknown>;

export interface UnitCheck {
  /** Keys that all cases of this kind have, and of no other kind. */
  readonly keys: readonly string[];
  /** Runs a case and returns it as it should stand in the file. */
  // biome-ignore lint/suspicious/noExplicitAny: each check knows the shape that its keys stand for
  readonly run: (unit: any) => unknown;
}

const checks: readonly UnitCheck[] = [...regionChecks, ...schemeChecks, ...miscellaneousChecks];

/** The first difference in a unit file, as a sentence; null when all cases pass. */
export function checkUnitCases(cases: readonly UnitCase[]): string | null {
  if (cases.length === 0) return 'it holds no cases';
  for (const [index, unit] of cases.entries()) {
    const check = checks.find(({ keys }) => keys.every((key) => key in unit));
    if (check === undefined) return `case ${index}: no check knows the keys ${Object.keys(unit)}`;
    // Results are laid over the case itself, so that every field of it is compared.
    const found = firstDifference(unit, { ...unit, ...(check.run(unit) as UnitCase) });
    if (found !== null) {
      return `case ${index}, ${found.path}: expected ${found.expected}, got ${found.got}`;
    }
  }
  return null;
}
