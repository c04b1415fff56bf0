import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** The scenarios in a folder, by name; of a file, that one. */
export function scenarioFiles(fileOrFolder: string): string[] {
  if (!statSync(fileOrFolder).isDirectory()) return [fileOrFolder];
  return readdirSync(fileOrFolder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => path.join(fileOrFolder, name));
}
