import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const isScenario = (name: string) => /\.ya?ml$/.test(name);

/**
 * The scenarios that are meant, by name.
 * @param choice a scenario file, a folder of them, or the name of one in the suite; null: the suite
 * @param suite the folder of the suite
 */
export function scenarioFiles(choice: string | null, suite: string): string[] {
  if (choice === null) return filesIn(suite);
  const own = statSync(choice, { throwIfNoEntry: false });
  if (own?.isDirectory()) return filesIn(choice);
  if (own !== undefined) return [choice];
  const named = filesIn(suite).find((file) => scenarioName(file) === choice);
  if (named !== undefined) return [named];
  throw new Error(
    `There is no scenario ${choice}: name a file, a folder, or one of ` +
      `${filesIn(suite).map(scenarioName).join(', ')}.`,
  );
}

/** A file's name without its ending. */
export function scenarioName(file: string): string {
  return path.basename(file).replace(/\.ya?ml$/, '');
}

function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter(isScenario)
    .sort()
    .map((name) => path.join(folder, name));
}
