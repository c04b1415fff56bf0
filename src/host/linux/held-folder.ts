/** The hugetlbfs in which an agent holds blocks, mounted where it is not yet. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../host.ts';
import { loadBlockMapping } from './block-mapping.ts';
import { HeldFiles } from './held-files.ts';
import { readTextFile } from './read-file.ts';

/** Of whoever comes after a crash, too. */
const FOLDER = '/run/thermocline-held';

/**
 * Finds what an agent before this one holds.
 * @throws ThermoclineError TC_DENIED without the right to mount, TC_UNSUPPORTED without koffi or
 * huge pages of 2 MiB
 */
export async function openHeldFiles(roots: Roots, folder: string = FOLDER): Promise<HeldFiles> {
  const mapping = await loadBlockMapping();
  if (!isMounted(roots, folder)) mount(folder);
  return new HeldFiles({ roots, folder, mapping });
}

function isMounted({ proc }: Roots, folder: string): boolean {
  const mounts = readTextFile(join(proc, 'self/mounts')).split('\n');
  return mounts.some((line) => {
    const [, where, type] = line.split(' ');
    return where === folder && type === 'hugetlbfs';
  });
}

function mount(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const words = ['-t', 'hugetlbfs', '-o', 'pagesize=2M,mode=0700', 'thermocline', folder];
  const { status, stderr, error } = spawnSync('mount', words, { encoding: 'utf8' });
  if (status === 0) return;
  const why = error?.message ?? stderr.trim();
  throw new ThermoclineError(
    'TC_DENIED',
    `Blocks can't be held: "mount ${words.join(' ')}" failed (${why}); be root, on a kernel with hugetlbfs.`,
  );
}
