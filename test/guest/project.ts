/** The project's files as a guest gets them: JavaScript in the places of the TypeScript. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const projectRoot = path.join(import.meta.dirname, '../..');
/** Where the project is in a guest. */
export const guestRoot = '/app';
const compiler = 'node_modules/typescript/bin/tsc';
const asTheyAre = ['package.json', 'bin/thermocline.js', 'examples/scenarios/hot-tenth.yaml'];

/**
 * Translates the sources and the guest tests. Types are not checked here: a mistake in a file that
 * no test needs must not be in the way.
 *
 * @returns texts by their path in the guest
 */
export function buildProject(): Record<string, string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'thermocline-guest-'));
  try {
    execFileSync(
      process.execPath,
      [compiler, '-p', 'test/guest/tsconfig.json', '--outDir', folder],
      { cwd: projectRoot, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    const built = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
    return Object.fromEntries([
      ...built.map((file) => [`${guestRoot}/${file}`, textOf(folder, file)]),
      ...asTheyAre.map((file) => [`${guestRoot}/${file}`, textOf(projectRoot, file)]),
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function textOf(folder: string, file: string): string {
  return readFileSync(path.join(folder, file), 'utf8');
}
