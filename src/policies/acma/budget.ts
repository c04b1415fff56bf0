/** How guests share the memory of one host. */

/** One guest. */
export interface BudgetGuest {
  /** What it has now. */
  readonly sizeBytes: number;
  /** What it uses, and its headroom. */
  readonly wantedBytes: number;
  readonly minBytes: number;
  readonly maxBytes: number;
}

/**
 * The most that each guest may have for now. Nobody gets what another still has: while memory is
 * short, those with more than their share are told to come down, and the others grow by what has
 * really come free. As long as the sizes fit the budget, so do the answers.
 *
 * @param budgetBytes for all of them; where it is below the sum of the minimums, each has its own
 */
export function budgetShares(guests: readonly BudgetGuest[], budgetBytes: number): number[] {
  const room = budgetBytes - sum(guests.map(({ sizeBytes }) => sizeBytes));
  const goals = goalsOf(guests, budgetBytes);
  const lacking = guests.map(({ sizeBytes }, index) => Math.max(0, goals[index]! - sizeBytes));
  const surplus = guests.map(({ sizeBytes }, index) => Math.max(0, sizeBytes - goals[index]!));
  const lack = sum(lacking);
  const short = Math.max(0, lack - room);
  const taken = Math.min(1, short / Math.max(1, sum(surplus)));
  const met = lack === 0 ? 1 : Math.min(1, Math.max(0, room) / lack);
  // What nobody lacks anybody may grow into.
  const spare = Math.max(0, room - lack) / guests.length;
  return guests.map(({ sizeBytes, maxBytes }, index) =>
    Math.min(maxBytes, sizeBytes - taken * surplus[index]! + met * lacking[index]! + spare),
  );
}

/** What each guest wants; where that is too much, its minimum and an equal part of the rest. */
function goalsOf(guests: readonly BudgetGuest[], budgetBytes: number): number[] {
  const wanted = guests.map(({ wantedBytes, minBytes, maxBytes }) =>
    Math.min(maxBytes, Math.max(minBytes, wantedBytes)),
  );
  const least = sum(guests.map(({ minBytes }) => minBytes));
  const rest = Math.max(0, budgetBytes - least);
  const part = Math.min(1, rest / Math.max(1, sum(wanted) - least));
  return guests.map(({ minBytes }, index) => minBytes + part * (wanted[index]! - minBytes));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
