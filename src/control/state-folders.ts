/**
 * All state folders of a user. A service may have one of its own; it tells the usual one of it, so
 * that commands find what it runs without being told.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTextIfAny } from '../host/linux/read-file.ts';
import { checkStateFolder, openStateFolder, stateFolderPath } from './state-folder.ts';

/**
 * The usual folder, which may not be there, then those of services elsewhere, also of ones that
 * were killed, where they are there and safe to use.
 * @throws ThermoclineError TC_DENIED where the usual folder is not safe
 */
export function stateFolders(): [usual: string, ...elsewhere: string[]] {
  const usual = stateFolderPath();
  if (!checkStateFolder(usual)) return [usual];
  return [usual, ...announced(join(usual, 'elsewhere')).filter(isUsable)];
}

/** Tells the usual folder of another one, until it is disposed of; nothing where they are one. */
export function announceStateFolder(stateDir: string): Disposable {
  const usual = stateFolderPath();
  if (stateDir === usual) return { [Symbol.dispose]() {} };
  const folder = join(openStateFolder(usual), 'elsewhere');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, createHash('sha256').update(stateDir).digest('hex').slice(0, 16));
  writeFileSync(file, stateDir, { mode: 0o600 });
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

function announced(folder: string): string[] {
  if (!existsSync(folder)) return [];
  // A service that ends takes its file away.
  return readdirSync(folder).flatMap((name) => readTextIfAny(join(folder, name)) ?? []);
}

/** Whoever made it has checked it, so one that is not safe any more is nobody's. */
function isUsable(stateDir: string): boolean {
  try {
    return checkStateFolder(stateDir);
  } catch {
    return false;
  }
}
