/**
 * Builds the dashboard where that is due: in a clone, before `npm start`, when it was never built
 * or its sources have changed since. A package brings it built.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');

/** The latest change below `folders`, in milliseconds; -1 where there is nothing. */
function newestMs(folders: readonly string[]): number {
  const times = folders.flatMap((folder) => {
    try {
      const entries = readdirSync(path.join(root, folder), {
        recursive: true,
        withFileTypes: true,
      });
      const files = entries.filter((entry) => entry.isFile());
      return files.map((file) => statSync(path.join(file.parentPath, file.name)).mtimeMs);
    } catch {
      return [];
    }
  });
  return Math.max(-1, ...times);
}

const sourcesMs = newestMs(['web', 'src']);
if (newestMs(['web']) >= 0 && newestMs(['dist/web']) < sourcesMs) {
  console.log('Building the dashboard, once.');
  const vite = path.join(root, 'node_modules/vite/bin/vite.js');
  const { status } = spawnSync(
    process.execPath,
    [vite, 'build', path.join(root, 'web'), '--logLevel', 'warn'],
    { stdio: 'inherit' },
  );
  process.exitCode = status ?? 1;
}
