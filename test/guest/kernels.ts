/**
 * The kernels that tests run on: Debian's own packages, fetched and unpacked into a cache folder
 * and never installed.
 */
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type AvailablePackage, PrivateApt } from './apt.ts';
import { cacheFolder } from './cache.ts';
import { extractVmlinux } from './vmlinux.ts';

/** `newest` is whatever Debian's backports have; the others are series. */
export const kernelNames = ['newest', '6.12', '6.1'] as const;
/** How suites ask for a kernel. */
export type KernelName = (typeof kernelNames)[number];

/** A kernel ready to boot. */
export interface Kernel {
  readonly name: KernelName;
  /** As `uname -r` prints it. */
  readonly release: string;
  /** Version of the Debian package. */
  readonly version: string;
  /** Uncompressed kernel. */
  readonly vmlinux: string;
  /** Folder of its modules. */
  readonly modules: string;
}

/** Kernels, and the one static program that a guest needs beside Node. */
export interface Fetched {
  readonly kernels: readonly Kernel[];
  readonly busybox: string;
}

/** The oldest series, those in the backports for it, and those for the release after. */
const suites = ['bookworm', 'bookworm-backports', 'trixie-backports'];
const metapackage = 'linux-image-amd64';
/** Newer kernels are looked for once a week. */
const freshForMs = 7 * 24 * 3_600_000;

/**
 * Kernels from the cache folder, or from Debian if what is there is too old or missing. Without
 * a network, what is there is good enough.
 *
 * @throws Error in a sentence if there is nothing to be had
 */
export async function fetchKernels(say: (line: string) => void): Promise<Fetched> {
  mkdirSync(cacheFolder, { recursive: true });
  const manifest = path.join(cacheFolder, 'kernels.json');
  const known = existsSync(manifest)
    ? (JSON.parse(readFileSync(manifest, 'utf8')) as Fetched & { readonly fetchedMs: number })
    : null;
  const whole = known?.kernels.every(({ vmlinux }) => existsSync(vmlinux)) ?? false;
  if (known && whole && Date.now() - known.fetchedMs < freshForMs) return known;
  try {
    const fetched = await fetchFromMirror(say);
    const temporary = `${manifest}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify({ ...fetched, fetchedMs: Date.now() }, null, 2));
    renameSync(temporary, manifest);
    return fetched;
  } catch (error) {
    if (!known || !whole) throw error;
    say(`using the kernels of last time: ${(error as Error).message}`);
    return known;
  }
}

async function fetchFromMirror(say: (line: string) => void): Promise<Fetched> {
  const apt = new PrivateApt(path.join(cacheFolder, 'apt'), suites);
  await apt.update();
  const offered = await apt.show(metapackage);
  const kernels: Kernel[] = [];
  for (const name of kernelNames) {
    const meta = chooseKernel(offered, name);
    if (!meta) throw new Error(`Debian's ${suites.join(', ')} have no kernel ${name}`);
    kernels.push(await unpackKernel(apt, name, meta, say));
  }
  deleteAllBut(kernels);
  const folder = path.join(cacheFolder, 'busybox');
  const [busybox] = await apt.show('busybox-static');
  if (!busybox) throw new Error(`Debian's ${suites[0]} has no busybox-static`);
  await apt.unpack([busybox], folder);
  const program = globSync('{usr/,}bin/busybox', { cwd: folder })[0];
  if (!program) throw new Error(`busybox-static ${busybox.version} holds no busybox`);
  return { kernels, busybox: path.join(folder, program) };
}

/** Removes what was fetched in earlier weeks. */
function deleteAllBut(kernels: readonly Kernel[]): void {
  const folder = path.join(cacheFolder, 'kernels');
  for (const name of readdirSync(folder)) {
    const old = path.join(folder, name);
    if (kernels.some(({ vmlinux }) => path.dirname(vmlinux) === old)) continue;
    rmSync(old, { recursive: true, force: true });
  }
}

/** @param offered versions of the metapackage, the newest first */
export function chooseKernel(
  offered: readonly AvailablePackage[],
  name: KernelName,
): AvailablePackage | undefined {
  return offered.find(({ version }) => name === 'newest' || version.startsWith(`${name}.`));
}

async function unpackKernel(
  apt: PrivateApt,
  name: KernelName,
  meta: AvailablePackage,
  say: (line: string) => void,
): Promise<Kernel> {
  const image = meta.depends.find((item) => /^linux-image-\d/.test(item));
  if (!image) throw new Error(`${metapackage} ${meta.version} depends on no kernel`);
  const release = image.replace('linux-image-', '');
  const folder = path.join(cacheFolder, 'kernels', `${release}_${meta.version}`);
  const kernel: Kernel = {
    name,
    release,
    version: meta.version,
    vmlinux: path.join(folder, 'vmlinux'),
    modules: path.join(folder, 'modules'),
  };
  if (existsSync(folder)) return kernel;
  say(`fetching ${image} ${meta.version}`);
  const temporary = `${folder}.${process.pid}`;
  const tree = path.join(temporary, 'tree');
  try {
    await apt.unpack(await kernelPackages(apt, image, meta.version), tree);
    const vmlinuz = globSync('{boot/vmlinuz-*,{usr/,}lib/modules/*/vmlinuz}', { cwd: tree })[0];
    const modules = globSync('{usr/,}lib/modules/*', { cwd: tree })[0];
    if (!vmlinuz || !modules) throw new Error(`${image} ${meta.version} holds no kernel`);
    const vmlinux = extractVmlinux(readFileSync(path.join(tree, vmlinuz)));
    writeFileSync(path.join(temporary, 'vmlinux'), vmlinux);
    renameSync(path.join(tree, modules), path.join(temporary, 'modules'));
    rmSync(tree, { recursive: true });
    // Another run may have been faster.
    if (!existsSync(folder)) renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return kernel;
}

/**
 * Until 6.x one package holds everything; later ones are split, and the image only names the parts.
 */
async function kernelPackages(
  apt: PrivateApt,
  image: string,
  version: string,
): Promise<AvailablePackage[]> {
  const named = async (name: string) =>
    (await apt.show(name)).find((candidate) => candidate.version === version);
  const whole = await named(image);
  if (!whole) throw new Error(`${image} ${version} is not to be had`);
  const parts = whole.depends.filter((item) => /^linux-(binary|modules)-\d/.test(item));
  if (parts.length === 0) return [whole];
  const found = await Promise.all(parts.map(named));
  return found.filter((item) => item !== undefined);
}
