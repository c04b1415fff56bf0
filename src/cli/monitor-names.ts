/** Names for monitors that the user has not named. */
import { basename, extname } from 'node:path';

/** What a name may not hold, and not begin with. */
const UNFIT = /[^\w.-]/g;
const UNFIT_START = /^[^A-Za-z0-9]+/;

/** A name that the API takes, as near to `text` as can be. */
export function fittingName(text: string): string {
  return text.replace(UNFIT, '-').replace(UNFIT_START, '').slice(0, 60) || 'monitor';
}

/** `reclaim` of `/etc/reclaim.yaml`. */
export function nameOfFile(file: string): string {
  return fittingName(basename(file, extname(file)));
}

/** `name`, or with a number behind it where it is taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name}-${number}`)) number += 1;
  return `${name}-${number}`;
}
