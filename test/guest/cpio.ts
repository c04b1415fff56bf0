/**
 * The archive format that the kernel unpacks at boot as its first file system ("newc" cpio),
 * written without a file tree on disk, so that owners and modes don't depend on who builds it.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** One entry of an archive. */
export type CpioEntry =
  | { readonly path: string; readonly kind: 'folder' }
  | { readonly path: string; readonly kind: 'link'; readonly to: string }
  | {
      readonly path: string;
      readonly kind: 'file';
      readonly executable: boolean;
      /** What is in it, or from which file to take that. */
      readonly content: Uint8Array | { readonly file: string };
    };

const modes = { folder: 0o040755, link: 0o120777, file: 0o100644, executable: 0o100755 };

/** Adds the folders that the entries need, each ahead of what is in it, and drops repetitions. */
export function withFolders(entries: readonly CpioEntry[]): CpioEntry[] {
  const all = new Map<string, CpioEntry>();
  for (const entry of entries) {
    const parts = entry.path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const path = parts.slice(0, depth).join('/');
      if (!all.has(path)) all.set(path, { path, kind: 'folder' });
    }
    if (!all.has(entry.path)) all.set(entry.path, entry);
  }
  return [...all.values()];
}

/** A hexadecimal hash of everything that {@link writeCpio} would write. */
export function digestOf(entries: readonly CpioEntry[]): string {
  const hash = createHash('sha256');
  for (const entry of entries) for (const piece of pieces(entry, 1)) hash.update(piece);
  return hash.digest('hex').slice(0, 16);
}

/** Writes an uncompressed archive: a slow processor unpacks it sooner than a compressed one. */
export function writeCpio(file: string, entries: readonly CpioEntry[]): void {
  const descriptor = openSync(file, 'w');
  try {
    const trailer: CpioEntry = {
      path: 'TRAILER!!!',
      kind: 'file',
      executable: false,
      content: new Uint8Array(),
    };
    [...entries, trailer].forEach((entry, index) => {
      for (const piece of pieces(entry, index + 1)) writeSync(descriptor, piece);
    });
  } finally {
    closeSync(descriptor);
  }
}

/** Header with name, then content; each filled up to a multiple of four bytes. */
function pieces(entry: CpioEntry, inode: number): [Buffer, Buffer] {
  const content = contentOf(entry);
  const name = Buffer.from(`${entry.path}\0`);
  const mode = entry.kind === 'file' && entry.executable ? modes.executable : modes[entry.kind];
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  return [padded(Buffer.concat([Buffer.from(`070701${header}`), name])), padded(content)];
}

function contentOf(entry: CpioEntry): Buffer {
  if (entry.kind === 'folder') return Buffer.alloc(0);
  if (entry.kind === 'link') return Buffer.from(entry.to);
  return entry.content instanceof Uint8Array
    ? Buffer.from(entry.content)
    : readFileSync(entry.content.file);
}

function padded(bytes: Buffer): Buffer {
  const missing = (4 - (bytes.length % 4)) % 4;
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)]);
}
